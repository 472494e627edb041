using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Utp.Transport.Datagrams;

/// <summary>Writes a differentiated services code point (RFC 2474) into the IP headers of a socket's datagrams.</summary>
internal static class DscpMarking
{
    /// <summary>The two lowest bits of the field are ECN (RFC 3168), and belong to the system.</summary>
    private const int EcnBits = 2;

    private const int LevelIPv6 = 41;

    /// <summary><c>IPV6_TCLASS</c>, for which the runtime has no name. The numbers come from the headers of the systems.</summary>
    private static readonly int? TrafficClassIPv6 =
        OperatingSystem.IsLinux() || OperatingSystem.IsAndroid() ? 67
        : OperatingSystem.IsMacOS() || OperatingSystem.IsIOS() ? 36
        : OperatingSystem.IsFreeBSD() ? 61
        : null;

    /// <summary>Marks the datagrams of a socket. Returns null, or why the system does not mark all of them.</summary>
    public static string? TryApply(Socket socket, int codePoint)
    {
        if (codePoint == 0)
        {
            return null;
        }

        if (OperatingSystem.IsWindows())
        {
            return "Windows ignores what a socket asks for; use a policy-based QoS rule of the system for this program or port";
        }

        var isIPv6 = socket.AddressFamily == AddressFamily.InterNetworkV6;
        return (isIPv6 ? TryMarkIPv6(socket, codePoint << EcnBits) : null)
            ?? (!isIPv6 || socket.DualMode ? TryMarkIPv4(socket, codePoint << EcnBits) : null);
    }

    private static string? TryMarkIPv4(Socket socket, int field)
    {
        try
        {
            socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.TypeOfService, field);
            return null;
        }
        catch (SocketException e)
        {
            return $"IP_TOS failed: {e.Message.TrimEnd('.')}";
        }
    }

    private static string? TryMarkIPv6(Socket socket, int field)
    {
        if (TrafficClassIPv6 is not { } name)
        {
            return "the number of IPV6_TCLASS on this system is unknown";
        }

        try
        {
            socket.SetRawSocketOption(LevelIPv6, name, MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in field)));
            return null;
        }
        catch (SocketException e)
        {
            return $"IPV6_TCLASS failed: {e.Message.TrimEnd('.')}";
        }
    }
}

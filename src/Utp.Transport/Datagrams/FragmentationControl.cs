using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Utp.Transport.Datagrams;

/// <summary>
/// Forbids fragmentation of a socket's datagrams, which the path MTU search needs, and allows it for single trains. Where the system refuses, the
/// socket stays as the system made it, and connections keep to sizes that every path carries.
/// </summary>
internal sealed class FragmentationControl
{
    private readonly Socket _socket;
    private readonly bool _worksForIPv4;
    private readonly bool _worksForIPv6;

    public FragmentationControl(Socket socket)
    {
        _socket = socket;

        // A dual-mode socket has both options; a plain IPv4 socket has only the first.
        _worksForIPv4 = TrySet(Switch.IPv4, allowed: false);
        _worksForIPv6 = socket.AddressFamily == AddressFamily.InterNetworkV6 && TrySet(Switch.IPv6, allowed: false);
    }

    public void Set(bool ipv4, bool allowed)
    {
        if (ipv4 ? _worksForIPv4 : _worksForIPv6)
        {
            TrySet(ipv4 ? Switch.IPv4 : Switch.IPv6, allowed);
            if (!ipv4 && Switch.CutSizeIPv6 is { } cutSize)
            {
                TrySet(cutSize, allowed);
            }
        }
    }

    private bool TrySet(Switch? option, bool allowed)
    {
        if (option is null)
        {
            return false;
        }

        var value = allowed ? option.Allow : option.Forbid;
        try
        {
            _socket.SetRawSocketOption(option.Level, option.Name, MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in value)));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>The option that carries the choice. The numbers come from the headers of the systems.</summary>
    private sealed record Switch(int Level, int Name, int Forbid, int Allow)
    {
        private const int LevelIPv4 = 0;
        private const int LevelIPv6 = 41;

        public static readonly Switch? IPv4 = Create(LevelIPv4, windows: 14, linux: 10, apple: 28, freeBsd: 67);

        public static readonly Switch? IPv6 = Create(LevelIPv6, windows: 14, linux: 23, apple: 62, freeBsd: 62);

        /// <summary>
        /// IPV6_MTU: the system cuts a datagram that may be fragmented to the size that every IPv6 path carries, because routers do not cut; 0
        /// undoes that. The system cuts only datagrams longer than the interface's MTU, so the core makes such datagrams longer
        /// (<c>AlwaysCutBytes</c>).
        /// </summary>
        public static readonly Switch? CutSizeIPv6 =
            OperatingSystem.IsLinux() || OperatingSystem.IsAndroid() ? new Switch(LevelIPv6, 24, Forbid: 0, Allow: 1_280) : null;

        private static Switch? Create(int level, int windows, int linux, int apple, int freeBsd)
        {
            if (OperatingSystem.IsLinux() || OperatingSystem.IsAndroid())
            {
                // IP_MTU_DISCOVER: PROBE (3) sets "don't fragment" and ignores the kernel's own, forgeable, path MTU; DONT (0) allows fragmentation.
                return new Switch(level, linux, Forbid: 3, Allow: 0);
            }

            // IP_DONTFRAGMENT, IP_DONTFRAG and their IPv6 siblings are plain booleans.
            var name = OperatingSystem.IsWindows() ? windows
                : OperatingSystem.IsMacOS() || OperatingSystem.IsIOS() || OperatingSystem.IsTvOS() || OperatingSystem.IsMacCatalyst() ? apple
                : OperatingSystem.IsFreeBSD() ? freeBsd
                : 0;
            return name == 0 ? null : new Switch(level, name, Forbid: 1, Allow: 0);
        }
    }
}

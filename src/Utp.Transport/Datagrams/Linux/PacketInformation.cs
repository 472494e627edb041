using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Utp.Protocol.Addresses;

namespace Utp.Transport.Datagrams.Linux;

/// <summary>
/// Reads and writes the control messages that name the local address of a datagram, as its destination or its source: ip(7), IP_PKTINFO; ipv6(7) and
/// RFC 3542 section 6, IPV6_PKTINFO. An IPv6 socket takes IPv4 addresses in the IPv6 message, in mapped form.
/// </summary>
internal static unsafe class PacketInformation
{
    /// <summary>Maximum control bytes of one received datagram: a dual-mode socket may get both messages.</summary>
    public const int MaxReceivedBytes = IPv4Bytes + IPv6Bytes;

    /// <summary>Maximum control bytes of one sent datagram.</summary>
    public const int MaxSentBytes = IPv6Bytes;

    /// <summary>Header and data, padded: <c>struct in_pktinfo</c> has 12 bytes, <c>struct in6_pktinfo</c> 20.</summary>
    private const int IPv4Bytes = ControlHeader.Bytes + 16;
    private const int IPv6Bytes = ControlHeader.Bytes + 24;

    private const int LevelIPv4 = 0;
    private const int NameIPv4 = 8;
    private const int LevelIPv6 = 41;
    private const int NameIPv6 = 50;
    private const int ReceiveIPv6 = 49;

    /// <summary>The index comes first. The address to answer from follows it; unlike the destination, it is never a broadcast address.</summary>
    private const int IPv4AddressOffset = ControlHeader.Bytes + 4;
    private const int IPv6AddressOffset = ControlHeader.Bytes;
    private const int IPv6IndexOffset = ControlHeader.Bytes + 16;

    /// <summary>Asks the kernel to report the destination address of each datagram; false when it refuses.</summary>
    public static bool TryAskFor(Socket socket)
    {
        // A dual-mode socket has both options. Linux itself needs only the first, but not every emulation of Linux does.
        return socket.AddressFamily == AddressFamily.InterNetworkV6
            ? TrySet(socket, LevelIPv6, ReceiveIPv6) && (!socket.DualMode || TrySet(socket, LevelIPv4, NameIPv4))
            : TrySet(socket, LevelIPv4, NameIPv4);
    }

    /// <summary>Reads the address if the message is one of the two.</summary>
    /// <param name="control">The message, with all of its data.</param>
    /// <param name="local">Set if the message has an address that answers can use as their source.</param>
    public static void Read(ControlHeader* control, ref LocalAddress local)
    {
        var bytes = (byte*)control;
        if (control->Level == LevelIPv4 && control->Type == NameIPv4 && (int)control->Length >= ControlHeader.Bytes + 12)
        {
            local = LocalAddress.FromIPv4(BigEndian<uint>(bytes + IPv4AddressOffset));
        }
        else if (control->Level == LevelIPv6 && control->Type == NameIPv6 && (int)control->Length >= ControlHeader.Bytes + 20)
        {
            local = LocalAddress.FromIPv6(
                BigEndian<ulong>(bytes + IPv6AddressOffset),
                BigEndian<ulong>(bytes + IPv6AddressOffset + sizeof(ulong)),
                Unsafe.ReadUnaligned<uint>(bytes + IPv6IndexOffset));
        }
    }

    /// <summary>Writes the message that a socket of this family takes.</summary>
    /// <returns>Length of the message in bytes; zero when such a socket cannot send from the address.</returns>
    public static int Write(byte* destination, AddressFamily family, in LocalAddress local)
    {
        new Span<byte>(destination, MaxSentBytes).Clear();
        var control = (ControlHeader*)destination;
        if (family == AddressFamily.InterNetworkV6)
        {
            (control->Length, control->Level, control->Type) = (ControlHeader.Bytes + 20, LevelIPv6, NameIPv6);
            BinaryPrimitives.WriteUInt64BigEndian(new Span<byte>(destination + IPv6AddressOffset, sizeof(ulong)), local.High);
            BinaryPrimitives.WriteUInt64BigEndian(new Span<byte>(destination + IPv6AddressOffset + sizeof(ulong), sizeof(ulong)), local.Low);
            Unsafe.WriteUnaligned(destination + IPv6IndexOffset, local.InterfaceIndex);
            return IPv6Bytes;
        }

        if (!local.IsIPv4)
        {
            return 0;
        }

        (control->Length, control->Level, control->Type) = (ControlHeader.Bytes + 12, LevelIPv4, NameIPv4);
        BinaryPrimitives.WriteUInt32BigEndian(new Span<byte>(destination + IPv4AddressOffset, sizeof(uint)), local.IPv4);
        return IPv4Bytes;
    }

    private static T BigEndian<T>(byte* source)
        where T : unmanaged, System.Numerics.IBinaryInteger<T> => T.ReadBigEndian(new ReadOnlySpan<byte>(source, sizeof(T)), isUnsigned: true);

    private static bool TrySet(Socket socket, int level, int option)
    {
        try
        {
            var on = 1;
            socket.SetRawSocketOption(level, option, MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in on)));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Utp.Protocol.Addresses;

namespace Utp.Transport.Datagrams;

/// <summary>
/// Reads and writes the system's socket addresses in place, so that no endpoint object is allocated per datagram. Port, address and scope have the
/// same offsets on Windows, Linux and the BSDs; only the first two bytes differ (family, or length and family), and those are copied from an address
/// that the runtime made.
/// </summary>
internal static class SocketAddressBytes
{
    public const int IPv4Length = 16;
    public const int IPv6Length = 28;

    private const int PortOffset = 2;
    private const int IPv4AddressOffset = 4;
    private const int FlowInfoOffset = 4;
    private const int IPv6AddressOffset = 8;
    private const int ScopeOffset = 24;

    /// <summary>Creates an address of the family in which every other field is zero.</summary>
    public static SocketAddress CreateBlank(AddressFamily family) =>
        new IPEndPoint(family == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0).Serialize();

    /// <summary>Writes host and port; false when a socket of this family cannot have such an address.</summary>
    public static bool TryWrite(Span<byte> destination, AddressFamily family, in PeerAddress remote)
    {
        BinaryPrimitives.WriteUInt16BigEndian(destination[PortOffset..], remote.Port);
        if (family == AddressFamily.InterNetwork)
        {
            BinaryPrimitives.WriteUInt32BigEndian(destination[IPv4AddressOffset..], remote.IPv4);
            return remote.IsIPv4;
        }

        destination.Slice(FlowInfoOffset, sizeof(uint)).Clear();
        remote.WriteIPv6(destination[IPv6AddressOffset..]);
        var scope = remote.ScopeId;
        MemoryMarshal.Write(destination[ScopeOffset..], in scope);
        return true;
    }

    /// <summary>Reads the address of a sender; a mapped address becomes IPv4.</summary>
    public static PeerAddress Read(ReadOnlySpan<byte> source, AddressFamily family)
    {
        var port = BinaryPrimitives.ReadUInt16BigEndian(source[PortOffset..]);
        if (family == AddressFamily.InterNetwork)
        {
            return PeerAddress.FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(source[IPv4AddressOffset..]), port);
        }

        var address = new PeerAddress(
            BinaryPrimitives.ReadUInt64BigEndian(source[IPv6AddressOffset..]),
            BinaryPrimitives.ReadUInt64BigEndian(source[(IPv6AddressOffset + sizeof(ulong))..]),
            MemoryMarshal.Read<uint>(source[ScopeOffset..]),
            port);
        return address.IsIPv4 ? address with { ScopeId = 0 } : address;
    }
}

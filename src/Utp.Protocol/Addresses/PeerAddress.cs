using System.Buffers.Binary;
using System.Net;

namespace Utp.Protocol.Addresses;

/// <summary>
/// The address and port of a peer as a value: a key that needs no allocation per packet. IPv4 is held in its IPv6-mapped form, so that one peer has
/// one key whichever kind of socket delivered the datagram.
/// </summary>
internal readonly record struct PeerAddress(ulong High, ulong Low, uint ScopeId, ushort Port)
{
    private const ulong MappedPrefix = 0x0000_FFFF_0000_0000;

    public bool IsIPv4 => High == 0 && (Low & 0xFFFF_FFFF_0000_0000) == MappedPrefix;

    /// <summary>The IPv4 address as a big-endian number (127.0.0.1 is 0x7F000001); meaningful only when <see cref="IsIPv4"/>.</summary>
    public uint IPv4 => (uint)Low;

    /// <summary>Whether the address is in 127.0.0.0/8 or is ::1.</summary>
    public bool IsLoopback => IsIPv4 ? IPv4 >> 24 == 127 : High == 0 && Low == 1;

    /// <summary>The same host with port 0: the key of per-address limits.</summary>
    public PeerAddress Host => new(High, Low, ScopeId, 0);

    public static PeerAddress FromIPv4(uint address, ushort port) => new(0, MappedPrefix | address, 0, port);

    public static PeerAddress FromEndPoint(IPEndPoint endPoint)
    {
        Span<byte> bytes = stackalloc byte[16];
        if (!endPoint.Address.TryWriteBytes(bytes, out var written))
        {
            throw new ArgumentException($"'{endPoint}' has no IPv4 or IPv6 address.", nameof(endPoint));
        }

        if (written == 4)
        {
            return FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(bytes), (ushort)endPoint.Port);
        }

        var address = new PeerAddress(
            BinaryPrimitives.ReadUInt64BigEndian(bytes),
            BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]),
            (uint)endPoint.Address.ScopeId,
            (ushort)endPoint.Port);
        return address.IsIPv4 ? address with { ScopeId = 0 } : address;
    }

    /// <summary>Converts to an endpoint; a mapped address becomes IPv4.</summary>
    public IPEndPoint ToEndPoint()
    {
        Span<byte> bytes = stackalloc byte[16];
        if (IsIPv4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes, IPv4);
            return new IPEndPoint(new IPAddress(bytes[..4]), Port);
        }

        WriteIPv6(bytes);
        return new IPEndPoint(new IPAddress(bytes, ScopeId), Port);
    }

    /// <summary>Writes the 16 address bytes in network order (IPv4 in mapped form).</summary>
    public void WriteIPv6(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, High);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], Low);
    }

    public override string ToString() => ToEndPoint().ToString();
}

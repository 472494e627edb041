using System.Buffers.Binary;

namespace Utp.Protocol.Wire;

/// <summary>The first 20 bytes of every uTP packet (BEP 29, "header format"), big endian.</summary>
internal readonly record struct PacketHeader
{
    public const int Size = 20;

    /// <summary>The only protocol version that was ever deployed.</summary>
    public const int Version = 1;

    public required PacketType Type { get; init; }

    /// <summary>Type of the first extension; 0 for none.</summary>
    public byte Extension { get; init; }

    public required ushort ConnectionId { get; init; }

    /// <summary>The sender's clock in microseconds. Peers read 0 as "no sample", so it is never sent.</summary>
    public required uint Timestamp { get; init; }

    /// <summary>Receiver's clock at the last packet's arrival minus that packet's timestamp; 0 when there was none.</summary>
    public uint TimestampDifference { get; init; }

    public uint WindowBytes { get; init; }

    public required SequenceNumber Sequence { get; init; }

    public SequenceNumber Acknowledgement { get; init; }

    public void Write(Span<byte> destination)
    {
        destination = destination[..Size];
        destination[0] = (byte)(((int)Type << 4) | Version);
        destination[1] = Extension;
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], ConnectionId);
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], Timestamp);
        BinaryPrimitives.WriteUInt32BigEndian(destination[8..], TimestampDifference);
        BinaryPrimitives.WriteUInt32BigEndian(destination[12..], WindowBytes);
        BinaryPrimitives.WriteUInt16BigEndian(destination[16..], Sequence.Value);
        BinaryPrimitives.WriteUInt16BigEndian(destination[18..], Acknowledgement.Value);
    }

    /// <summary>Returns whether a datagram asks for a connection.</summary>
    public static bool IsSyn(ReadOnlySpan<byte> datagram) => datagram.Length >= Size && datagram[0] == (((int)PacketType.Syn << 4) | Version);

    /// <summary>Reads a header of a recognised type and version; false means that the datagram is not uTP.</summary>
    public static bool TryRead(ReadOnlySpan<byte> datagram, out PacketHeader header)
    {
        if (datagram.Length < Size || (datagram[0] & 0x0F) != Version || datagram[0] >> 4 > (int)PacketType.Syn)
        {
            header = default;
            return false;
        }

        header = new PacketHeader
        {
            Type = (PacketType)(datagram[0] >> 4),
            Extension = datagram[1],
            ConnectionId = BinaryPrimitives.ReadUInt16BigEndian(datagram[2..]),
            Timestamp = BinaryPrimitives.ReadUInt32BigEndian(datagram[4..]),
            TimestampDifference = BinaryPrimitives.ReadUInt32BigEndian(datagram[8..]),
            WindowBytes = BinaryPrimitives.ReadUInt32BigEndian(datagram[12..]),
            Sequence = new SequenceNumber(BinaryPrimitives.ReadUInt16BigEndian(datagram[16..])),
            Acknowledgement = new SequenceNumber(BinaryPrimitives.ReadUInt16BigEndian(datagram[18..])),
        };
        return true;
    }
}

using System.Buffers.Binary;

namespace Utp.Benchmarks.Ceiling;

/// <summary>A header as long as uTP's and as costly to write and read, with one 32-bit sequence number in place of two 16-bit ones.</summary>
internal readonly record struct CeilingHeader(CeilingPacket Type, uint Timestamp, uint TimestampDifference, uint Window, uint Sequence)
{
    public const int Length = 20;

    public static CeilingHeader Read(ReadOnlySpan<byte> packet) => new(
        (CeilingPacket)(packet[0] >> 4),
        BinaryPrimitives.ReadUInt32BigEndian(packet[4..]),
        BinaryPrimitives.ReadUInt32BigEndian(packet[8..]),
        BinaryPrimitives.ReadUInt32BigEndian(packet[12..]),
        BinaryPrimitives.ReadUInt32BigEndian(packet[16..]));

    public void Write(Span<byte> packet)
    {
        packet[0] = (byte)(((int)Type << 4) | 1);
        packet[1] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], 4_242);
        BinaryPrimitives.WriteUInt32BigEndian(packet[4..], Timestamp);
        BinaryPrimitives.WriteUInt32BigEndian(packet[8..], TimestampDifference);
        BinaryPrimitives.WriteUInt32BigEndian(packet[12..], Window);
        BinaryPrimitives.WriteUInt32BigEndian(packet[16..], Sequence);
    }
}

internal enum CeilingPacket
{
    Data = 0,

    /// <summary>The transfer has ended; the receiver reports and starts again.</summary>
    End = 1,
    Acknowledgement = 2,

    /// <summary>The receiver may exit.</summary>
    Quit = 3,
}

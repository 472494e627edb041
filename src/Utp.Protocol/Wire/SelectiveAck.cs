namespace Utp.Protocol.Wire;

/// <summary>
/// The selective acknowledgement extension (BEP 29). Bit i, least significant first in each byte, stands for packet ack_nr + 2 + i; ack_nr + 1
/// is missing by definition. ConnectionCore.AcksSent.cs decides which packets carry one.
/// </summary>
internal static class SelectiveAck
{
    /// <summary>The maximum mask length: the length field is one byte, and ethereum/utp drops a length that is not a multiple of four.</summary>
    public const int MaxMaskBytes = 252;

    /// <summary>The maximum number of packets that one extension covers.</summary>
    public const int MaxSpan = MaxMaskBytes * 8;

    /// <summary>Gets the length of a mask whose highest set bit is <paramref name="highestBit"/>: a multiple of 4.</summary>
    public static int MaskBytesFor(int highestBit) => Math.Min(MaxMaskBytes, ((highestBit / 32) + 1) * 4);

    public static bool IsSet(ReadOnlySpan<byte> mask, int bit) => (mask[bit >> 3] & (1 << (bit & 7))) != 0;

    public static void Set(Span<byte> mask, int bit) => mask[bit >> 3] |= (byte)(1 << (bit & 7));
}

namespace Utp.Protocol.Wire;

/// <summary>
/// A packet number modulo 2^16. Order is circular: a number is after another when it is at most 32,767 ahead of it, so comparisons are
/// meaningful only between numbers of one connection that lie close together.
/// </summary>
internal readonly record struct SequenceNumber(ushort Value)
{
    public static SequenceNumber operator +(SequenceNumber number, int count) => new(unchecked((ushort)(number.Value + count)));

    public static SequenceNumber operator -(SequenceNumber number, int count) => new(unchecked((ushort)(number.Value - count)));

    /// <summary>Gets how far the left number is ahead of the right; negative when it is behind.</summary>
    public static int operator -(SequenceNumber left, SequenceNumber right) => unchecked((short)(left.Value - right.Value));

    public static bool operator >(SequenceNumber left, SequenceNumber right) => left - right > 0;

    public static bool operator <(SequenceNumber left, SequenceNumber right) => left - right < 0;

    public static bool operator >=(SequenceNumber left, SequenceNumber right) => left - right >= 0;

    public static bool operator <=(SequenceNumber left, SequenceNumber right) => left - right <= 0;

    /// <summary>Counts the packets from this number up to, not including, <paramref name="end"/>, as an unsigned difference.</summary>
    public int CountTo(SequenceNumber end) => unchecked((ushort)(end.Value - Value));

    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

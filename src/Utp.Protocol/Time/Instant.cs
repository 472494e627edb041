namespace Utp.Protocol.Time;

/// <summary>
/// A point on a monotonic clock, in microseconds from an arbitrary origin. The core never reads a clock: every entry point takes an instant. An
/// instant wraps only on the wire, where BEP 29 carries its low 32 bits.
/// </summary>
internal readonly record struct Instant(long Micros) : IComparable<Instant>
{
    /// <summary>An instant later than any real one, which means "no deadline".</summary>
    public static Instant Never => new(long.MaxValue);

    public static Instant Zero => default;

    /// <summary>The low 32 bits, as carried in a packet header.</summary>
    public uint WireTimestamp => unchecked((uint)Micros);

    public bool IsNever => Micros == long.MaxValue;

    public static Instant FromMilliseconds(double milliseconds) => new((long)(milliseconds * 1_000));

    public static Instant FromSeconds(double seconds) => new((long)(seconds * 1_000_000));

    public static Instant Min(Instant left, Instant right) => left.Micros <= right.Micros ? left : right;

    public int CompareTo(Instant other) => Micros.CompareTo(other.Micros);

    /// <summary>Microseconds from <paramref name="earlier"/> to this instant.</summary>
    public long Since(Instant earlier) => Micros - earlier.Micros;

    public static Instant operator +(Instant instant, long micros) => instant.IsNever ? Never : new(instant.Micros + micros);

    public static long operator -(Instant left, Instant right) => left.Micros - right.Micros;

    public static bool operator <(Instant left, Instant right) => left.Micros < right.Micros;

    public static bool operator >(Instant left, Instant right) => left.Micros > right.Micros;

    public static bool operator <=(Instant left, Instant right) => left.Micros <= right.Micros;

    public static bool operator >=(Instant left, Instant right) => left.Micros >= right.Micros;

    public override string ToString() => IsNever ? "never" : FormattableString.Invariant($"{Micros / 1e6:F6}s");
}

namespace Utp.Simulation;

/// <summary>Units of virtual time. The simulator counts whole nanoseconds in a <see langword="long"/>, so that no run depends on rounding.</summary>
internal static class Nanos
{
    public const long PerMicrosecond = 1_000;
    public const long PerMillisecond = 1_000_000;
    public const long PerSecond = 1_000_000_000;

    public static long FromMilliseconds(double milliseconds) => (long)(milliseconds * PerMillisecond);

    public static long FromSeconds(double seconds) => (long)(seconds * PerSecond);

    public static double ToMilliseconds(long nanos) => nanos / (double)PerMillisecond;

    public static double ToSeconds(long nanos) => nanos / (double)PerSecond;
}

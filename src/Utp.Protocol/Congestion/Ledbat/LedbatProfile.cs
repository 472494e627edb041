namespace Utp.Protocol.Congestion.Ledbat;

/// <summary>The constants in which LEDBATs differ. The library always uses <see cref="Libutp"/>; <see cref="Rfc6817"/> serves experiments.</summary>
internal sealed record LedbatProfile
{
    /// <summary>The constants of RFC 6817: GAIN 1, ten minutes of history, a filter of four samples. Slow start is TCP's: the RFC leaves it open.</summary>
    public static LedbatProfile Rfc6817 { get; } = new()
    {
        GainBytesPerRoundTrip = 0,
        BaseHistoryMinutes = 10,
        FilterSamples = 4,
        HasRealSlowStart = true,
        SlowStartExit = 0.75,
    };

    /// <summary>
    /// The constants of libutp: 3,000 bytes per round trip (twice Reno's growth), thirteen minutes, a filter of three, and a slow start that adds
    /// one segment per round trip, which is slower than the gain. Its minimum window of ten bytes is not used, because that stalls a connection
    /// until it times out.
    /// </summary>
    public static LedbatProfile Libutp { get; } = new()
    {
        GainBytesPerRoundTrip = 3_000,
        BaseHistoryMinutes = 13,
        FilterSamples = 3,
        HasRealSlowStart = false,
        SlowStartExit = 0.9,
    };

    /// <summary>Increase per round trip with an empty queue; zero means one segment (GAIN 1).</summary>
    public required int GainBytesPerRoundTrip { get; init; }

    public required int BaseHistoryMinutes { get; init; }

    public required int FilterSamples { get; init; }

    /// <summary>Whether slow start doubles per round trip; otherwise it adds a segment per round trip, which is slower than the gain.</summary>
    public required bool HasRealSlowStart { get; init; }

    /// <summary>The fraction of the target delay at which slow start ends.</summary>
    public required double SlowStartExit { get; init; }
}

namespace Utp.Protocol.Congestion;

/// <summary>The constants in which LEDBATs differ.</summary>
internal sealed record LedbatProfile
{
    /// <summary>RFC 6817 to the letter of its constants: GAIN 1, ten minutes of history, a filter of four samples; and TCP's slow start.</summary>
    public static LedbatProfile Rfc6817 { get; } = new()
    {
        GainBytesPerRoundTrip = 0,
        BaseHistoryMinutes = 10,
        FilterSamples = 4,
        HasRealSlowStart = true,
        SlowStartExit = 0.75,
    };

    /// <summary>Increase per round trip with an empty queue; zero means one segment (GAIN 1).</summary>
    public required int GainBytesPerRoundTrip { get; init; }

    public required int BaseHistoryMinutes { get; init; }

    public required int FilterSamples { get; init; }

    /// <summary>Whether slow start doubles per round trip, or adds a segment per round trip, which the gain outruns.</summary>
    public required bool HasRealSlowStart { get; init; }

    /// <summary>Slow start ends at this fraction of the target delay.</summary>
    public required double SlowStartExit { get; init; }
}

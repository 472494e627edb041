using Utp.Protocol.Time;

namespace Utp.Protocol.Congestion.Ledbat;

/// <summary>
/// Detects a base delay that is out of date. A flow at its minimum window cannot build a queue, so if the round trip stays both far above its base
/// and steady, the path itself has become longer. The queue of other traffic is rarely that steady; that of a BBR flow may be, and is then mistaken
/// for a longer path.
/// </summary>
internal struct RouteChangeDetector
{
    private const long SteadyMicros = 6_000_000;
    private const long MaxSpreadMicros = 4_000;

    private Instant _since;
    private long _largestMicros;
    private bool _isWatching;

    public long SmallestRoundTripMicros { get; private set; }

    /// <summary>Takes a filtered round trip; true once the route counts as changed.</summary>
    public bool Observe(Instant now, bool isPinned, long roundTripMicros)
    {
        if (!isPinned)
        {
            Reset();
            return false;
        }

        if (!_isWatching)
        {
            Start(now, roundTripMicros);
            return false;
        }

        SmallestRoundTripMicros = Math.Min(SmallestRoundTripMicros, roundTripMicros);
        _largestMicros = Math.Max(_largestMicros, roundTripMicros);
        if (_largestMicros - SmallestRoundTripMicros >= MaxSpreadMicros)
        {
            Start(now, roundTripMicros);
            return false;
        }

        return now.Since(_since) > SteadyMicros;
    }

    public void Reset() => _isWatching = false;

    private void Start(Instant now, long roundTripMicros)
    {
        _isWatching = true;
        _since = now;
        SmallestRoundTripMicros = roundTripMicros;
        _largestMicros = roundTripMicros;
    }
}

using Utp.Protocol.Time;

namespace Utp.Protocol.Congestion;

/// <summary>
/// Recognises a base delay that has become history: a flow at its floor cannot make a queue, so if the round trip stays both far above its
/// base and steady, the path itself has become longer. Other traffic's queue is rarely that steady; a BBR flow's may be, which is the price.
/// </summary>
internal struct RouteChangeDetector
{
    private const long SteadyMicros = 6_000_000;
    private const long MaxSpreadMicros = 4_000;

    private Instant _since;
    private long _largestMicros;
    private bool _isWatching;

    public long SmallestRoundTripMicros { get; private set; }

    /// <summary>Takes a filtered round trip; true once the route has to be taken for changed.</summary>
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

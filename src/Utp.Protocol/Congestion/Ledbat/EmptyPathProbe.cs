using Utp.Protocol.Time;

namespace Utp.Protocol.Congestion.Ledbat;

/// <summary>
/// Detects a path that stays nearly empty although this flow fills its window. For the first few round trips the cause is another flow's slowdown:
/// growing by the same few segments, whatever the window, makes shares equal. After that, the traffic that this flow yielded to has ended, and
/// growth by a fraction of the window gains more than one GAIN per round trip. A recent loss forbids both, because behind shallow buffers a
/// competing flow leaves the queue short as well.
/// </summary>
internal struct EmptyPathProbe
{
    private const int HoleRoundTrips = 3;
    private const int EmptyRoundTrips = 6;
    private const int BlamedRoundTrips = 8;
    private const long MinLossFreeMicros = 3_000_000;
    private const long MaxLossFreeMicros = 48_000_000;

    private Instant _emptySince;
    private Instant _lastLoss;
    private Instant _blamedUntil;
    private long _lossFreeMicros;
    private bool _isEmpty;

    /// <summary>Whether the window may grow by a few segments per round trip.</summary>
    public bool IsInHole { get; private set; }

    /// <summary>Whether the window may grow by a fraction of itself per round trip.</summary>
    public bool IsProbing { get; private set; }

    public void Observe(in AcknowledgementSample sample, double queueingMicros, double emptyMicros)
    {
        if (queueingMicros >= emptyMicros || sample.Now.Since(_lastLoss) <= _lossFreeMicros)
        {
            Reset();
            return;
        }

        if (!_isEmpty)
        {
            _isEmpty = true;
            _emptySince = sample.Now;
        }

        var emptyMicrosSoFar = sample.Now.Since(_emptySince);
        IsInHole = emptyMicrosSoFar > HoleRoundTrips * sample.SmoothedRoundTripMicros;
        IsProbing = emptyMicrosSoFar > EmptyRoundTrips * sample.SmoothedRoundTripMicros;
        if (IsProbing)
        {
            _blamedUntil = sample.Now + (BlamedRoundTrips * sample.SmoothedRoundTripMicros);
        }
    }

    /// <summary>Suspends probing: for longer after each loss that probing has caused itself, and for three seconds after other losses.</summary>
    public void OnLoss(Instant now)
    {
        Reset();
        _lastLoss = now;
        _lossFreeMicros = now <= _blamedUntil ? Math.Min(2 * _lossFreeMicros, MaxLossFreeMicros) : MinLossFreeMicros;
    }

    public void Reset()
    {
        _isEmpty = false;
        IsInHole = false;
        IsProbing = false;
    }
}

using Utp.Protocol.Time;

namespace Utp.Protocol.Congestion;

/// <summary>
/// Recognises a path that stays nearly empty although we fill our window. For a few round trips that is the hole which another flow's slowdown
/// leaves: growing into it by the same few segments whatever one's window makes shares equal. Beyond that, the traffic we had yielded to has
/// gone, and growth by a part of the window is worth more than one GAIN per round trip. A recent loss forbids both, because where buffers are
/// shallow a competitor leaves the queue short as well.
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

    /// <summary>The window may grow by a few segments per round trip.</summary>
    public bool IsInHole { get; private set; }

    /// <summary>The window may grow by a part of itself per round trip.</summary>
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

    /// <summary>Probing waits longer after each loss that it has brought about itself, and three seconds after others.</summary>
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

namespace Utp.Protocol.Congestion;

/// <summary>
/// The queueing delay to steer to. Behind a buffer that is shallower than the target, delay never says stop, loss does, and a scavenger
/// becomes an ordinary competitor. A loss that happens with a queue standing, yet below the target, tells of such a buffer; the target is
/// then a fixed part of itself, and delay governs again. Fixed, and not a part of what was measured: flows with different targets do not
/// share, so all that meet the same buffer must come to the same.
/// </summary>
internal struct DelayTarget(double fullMicros)
{
    private const double ShallowFraction = 0.25;
    private const double VeryShallowFraction = 0.125;

    /// <summary>A queue so much larger than the one that overflowed did not overflow: the loss had another cause.</summary>
    private const double ContradictionFactor = 1.2;

    /// <summary>How long the buffer is remembered after the last loss that told of it: as long as the base delay.</summary>
    private const long MemoryMicros = 600_000_000;

    private readonly double _fullMicros = fullMicros;
    private double _bufferMicros;
    private double _peakMicros;
    private double _previousPeakMicros;
    private Instant _peakEnd;
    private Instant _rememberedUntil;

    public double Micros { get; private set; } = fullMicros;

    /// <summary>The largest queueing delay of the last two round trips.</summary>
    public readonly double RecentPeakMicros => Math.Max(_peakMicros, _previousPeakMicros);

    /// <summary>Takes a queueing delay that no filter has made late.</summary>
    public void Observe(in AcknowledgementSample sample, double queueingMicros)
    {
        _peakMicros = Math.Max(_peakMicros, queueingMicros);
        if (sample.Now >= _peakEnd)
        {
            _previousPeakMicros = _peakMicros;
            _peakMicros = queueingMicros;
            _peakEnd = sample.Now + sample.SmoothedRoundTripMicros;
        }

        if (Micros < _fullMicros && (sample.Now >= _rememberedUntil || queueingMicros > ContradictionFactor * _bufferMicros))
        {
            Micros = _fullMicros;
        }
    }

    /// <summary>A loss at a window large enough to tell what the queue was.</summary>
    public void OnLoss(Instant now)
    {
        var bufferMicros = RecentPeakMicros;
        if (bufferMicros < VeryShallowFraction * _fullMicros || bufferMicros >= _fullMicros)
        {
            return;
        }

        _bufferMicros = Micros < _fullMicros ? Math.Max(_bufferMicros, bufferMicros) : bufferMicros;
        Micros = _fullMicros * (_bufferMicros < ShallowFraction * _fullMicros ? VeryShallowFraction : ShallowFraction);
        _rememberedUntil = now + MemoryMicros;
    }

    /// <summary>The loss was none, so it tells of no buffer.</summary>
    public void Forget() => Micros = _fullMicros;
}

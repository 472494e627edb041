using Utp.Protocol.Time;

namespace Utp.Protocol.Congestion.Ledbat;

/// <summary>
/// Computes the queueing delay to aim at. Behind a buffer that is shallower than the target, the delay never reaches the target, only loss limits
/// the flow, and a background flow competes like any other. A loss that happens with a standing queue below the target indicates such a buffer. The
/// target then drops to a fixed fraction, and delay limits the flow again. The fraction is fixed and not derived from the measured delay, because
/// flows with different targets do not share fairly: all flows that meet the same buffer must use the same target.
/// </summary>
internal struct DelayTarget(long fullMicros)
{
    private const double ShallowFraction = 0.25;
    private const double VeryShallowFraction = 0.125;

    /// <summary>If the queue exceeds by this factor the queue at which a loss happened, the buffer did not overflow, and the loss had another cause.</summary>
    private const double ContradictionFactor = 1.2;

    /// <summary>The time for which the buffer is remembered after the last loss that indicated it: as long as the base delay.</summary>
    private const long MemoryMicros = 600_000_000;

    private readonly int _fullMicros = (int)Math.Min(fullMicros, int.MaxValue);
    private int _bufferMicros;
    private int _peakMicros;
    private int _previousPeakMicros;
    private Instant _peakEnd;
    private Instant _rememberedUntil;
    private Buffer _buffer;

    private enum Buffer : byte
    {
        Deep,
        Shallow,
        VeryShallow,
    }

    public readonly double Micros => _buffer switch
    {
        Buffer.Deep => _fullMicros,
        Buffer.Shallow => _fullMicros * ShallowFraction,
        _ => _fullMicros * VeryShallowFraction,
    };

    /// <summary>The target behind a buffer that is deep enough.</summary>
    public readonly double FullMicros => _fullMicros;

    /// <summary>The largest queueing delay of the last two round trips.</summary>
    public readonly double RecentPeakMicros => Math.Max(_peakMicros, _previousPeakMicros);

    /// <summary>Takes a queueing delay without the lag of a filter.</summary>
    public void Observe(in AcknowledgementSample sample, long queueingMicros)
    {
        _peakMicros = Math.Max(_peakMicros, (int)queueingMicros);
        if (sample.Now >= _peakEnd)
        {
            _previousPeakMicros = _peakMicros;
            _peakMicros = (int)queueingMicros;
            _peakEnd = sample.Now + sample.SmoothedRoundTripMicros;
        }

        if (_buffer != Buffer.Deep && (sample.Now >= _rememberedUntil || queueingMicros > ContradictionFactor * _bufferMicros))
        {
            Forget();
        }
    }

    /// <summary>Takes a loss at a window that is large enough to know what the queue was.</summary>
    public void OnLoss(Instant now)
    {
        var bufferMicros = Math.Max(_peakMicros, _previousPeakMicros);
        if (bufferMicros < VeryShallowFraction * _fullMicros || bufferMicros >= _fullMicros)
        {
            return;
        }

        _bufferMicros = _buffer != Buffer.Deep ? Math.Max(_bufferMicros, bufferMicros) : bufferMicros;
        _buffer = _bufferMicros < ShallowFraction * _fullMicros ? Buffer.VeryShallow : Buffer.Shallow;
        _rememberedUntil = now + MemoryMicros;
    }

    /// <summary>Restores the full target, because the loss was spurious and so indicates no buffer.</summary>
    public void Forget() => _buffer = Buffer.Deep;
}

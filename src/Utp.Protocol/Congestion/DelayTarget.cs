using Utp.Protocol.Time;

namespace Utp.Protocol.Congestion;

/// <summary>
/// The queueing delay to steer to. Behind a buffer that is shallower than the target, delay never says stop, loss does, and a scavenger
/// becomes an ordinary competitor. A loss that happens with a queue standing, yet below the target, tells of such a buffer; the target is
/// then a fixed part of itself, and delay governs again. Fixed, and not a part of what was measured: flows with different targets do not
/// share, so all that meet the same buffer must come to the same.
/// </summary>
internal struct DelayTarget(long fullMicros)
{
    private const double ShallowFraction = 0.25;
    private const double VeryShallowFraction = 0.125;

    /// <summary>A queue so much larger than the one that overflowed did not overflow: the loss had another cause.</summary>
    private const double ContradictionFactor = 1.2;

    /// <summary>How long the buffer is remembered after the last loss that told of it: as long as the base delay.</summary>
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

    /// <summary>The target behind a buffer that is deep enough for it.</summary>
    public readonly double FullMicros => _fullMicros;

    /// <summary>The largest queueing delay of the last two round trips.</summary>
    public readonly double RecentPeakMicros => Math.Max(_peakMicros, _previousPeakMicros);

    /// <summary>Takes a queueing delay that no filter has made late.</summary>
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

    /// <summary>A loss at a window large enough to tell what the queue was.</summary>
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

    /// <summary>The loss was none, so it tells of no buffer.</summary>
    public void Forget() => _buffer = Buffer.Deep;
}

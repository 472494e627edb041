using Utp.Protocol.Time;

namespace Utp.Protocol.Congestion.Ledbat;

/// <summary>
/// Tells losses that say nothing about congestion from those that do. A full queue loses packets when it is long, and any bottleneck loses them at
/// high rates. Losses that happen with no more delay than otherwise, and at lower rates than have just passed without loss, are random. They then
/// leave the window alone, and the mean queue limits it instead: at a much smaller queue than LEDBAT++ aims at, because a flow that random loss
/// limits is as fast as its round trip is short. The window that the ordinary rules give is kept up to date, and is the least that there is. Allocated
/// on the first loss of a connection.
/// </summary>
internal sealed class RandomLossTolerance
{
    /// <summary>
    /// The highest mean of the noise at which a queue can be told from it. Jitter of 6 ms has a mean of 3 to 4 ms; the queue of TCP in a buffer of
    /// 10 ms has one of 5 to 6 ms.
    /// </summary>
    private const double MaxNoiseMicros = 4_000;

    /// <summary>Losses amid more delay than the noise and this, on average, are those of a queue. A buffer of 5 ms exceeds it at a loss.</summary>
    private const double QueueAtLossMicros = 1_000;

    /// <summary>
    /// The number of losses at a clearly lower rate that is needed, and it must be at least half of all. One alone is no evidence: the traffic of
    /// others varies as well.
    /// </summary>
    private const int NeededLosses = 3;

    /// <summary>A round trip that delivers less than this fraction of one that passed without loss has a clearly lower rate.</summary>
    private const double ClearlyLess = 0.8;

    /// <summary>What is learned from losses, and the largest loss-free round trip, is forgotten after these times.</summary>
    private const long EvidenceMicros = 20_000_000;
    private const long LossFreeMicros = 10_000_000;

    /// <summary>
    /// The mean queue that limits the window, as a fraction of the base round trip. A flow that random loss limits slows down in proportion to its
    /// round trip, so this costs it two percent.
    /// </summary>
    private const double QueueFraction = 0.02;

    /// <summary>Bounds of that queue: a timer cannot hold a smaller one, and TCP needs none that is larger.</summary>
    private const double MinQueueMicros = 250;
    private const double MaxQueueMicros = 2_000;

    /// <summary>Noise grows with the rate: packets that may not overtake each other all wait for the latest. This fraction of it is allowed for.</summary>
    private const double NoiseAllowance = 2.0 / 3;

    /// <summary>A queue that is this many times the one that limits the window is not ours; losses amid it may be those of a buffer.</summary>
    private const double ContradictionFactor = 2.5;

    /// <summary>
    /// The fraction of the window that remains when the queue is too long. A tenth of a round trip is more queue than is allowed on most paths.
    /// </summary>
    private const double Backoff = 0.9;

    /// <summary>
    /// Growth per round trip while the window is far from where the queue appeared last. What it adds before the queue is seen takes a round trip
    /// to appear and another to average: less than an eighth of the base delay.
    /// </summary>
    private const double FastGrowth = 0.06;

    /// <summary>The queue is averaged over about as many acknowledgements as arrive in a round trip; the queue at a loss over a few around it.</summary>
    private const double MeanWeight = 1.0 / 32;
    private const double NearLossWeight = 1.0 / 8;

    /// <summary>While tolerating, noise is learned from this many acknowledgements at a time. The lowest of shorter means would be too low.</summary>
    private const int NoiseSamples = 256;

    private LossRatio _ratio;
    private Instant _roundEnd;
    private double _roundBytes;
    private double _previousRoundBytes;
    private double _passedBytes;
    private Instant _passedAt;
    private bool _isLossInRound;
    private double _sumMicros;
    private int _sampleCount;
    private double _meanMicros;
    private double _nearLossMicros;
    private double _noiseMicros;
    private bool _isNoiseKnown;
    private double _spacingMicros;
    private double _allowedMicros;
    private double _queueAtLossMicros;
    private int _lossCount;
    private int _randomCount;
    private Instant _firstLoss;
    private Instant _lastLoss;
    private Instant _backoffVisibleAt;
    private double _windowAtBackoff;
    private bool _wasOrdinary;

    public bool IsTolerating { get; private set; }

    /// <summary>The window that the ordinary rules give; kept up to date while <see cref="IsTolerating"/>.</summary>
    public double OrdinaryWindow { get; private set; }

    /// <summary>Takes an acknowledgement, with the newest queueing delay, unfiltered.</summary>
    public void Observe(in AcknowledgementSample sample, double queueingMicros, int segmentBytes)
    {
        // For a round trip after a backoff the delay still belongs to the window before it.
        _meanMicros = sample.Now < _backoffVisibleAt ? _noiseMicros : _meanMicros + ((queueingMicros - _meanMicros) * MeanWeight);
        _nearLossMicros += (queueingMicros - _nearLossMicros) * NearLossWeight;
        _sumMicros += queueingMicros;
        _sampleCount++;
        _roundBytes += sample.AcknowledgedBytes;
        _ratio.OnAcknowledged((double)sample.AcknowledgedBytes / segmentBytes);
        if (sample.Now >= _roundEnd)
        {
            EndRound(sample, segmentBytes);
        }
    }

    /// <summary>Takes a segment that was marked lost.</summary>
    public void OnSegmentLost()
    {
        _isLossInRound = true;
        _ratio.OnLost();
    }

    /// <summary>Takes a loss for which the window would be cut. Returns whether it should not be.</summary>
    public bool Tolerates(Instant now, double window, double minWindow)
    {
        _lastLoss = now;
        return IsTolerating ? StillTolerates(now, window, minWindow) : BeginsToTolerate(now, window, minWindow);
    }

    /// <summary>Updates the ordinary window for an acknowledgement; <paramref name="change"/> is what the ordinary rules add per round trip.</summary>
    public void FollowOrdinary(in AcknowledgementSample sample, double change, double minWindow, double window)
    {
        var acknowledged = Math.Min(sample.AcknowledgedBytes, OrdinaryWindow);
        OrdinaryWindow = Math.Clamp(OrdinaryWindow + (change * acknowledged / OrdinaryWindow), minWindow, Math.Max(window, minWindow));
        _wasOrdinary &= window <= OrdinaryWindow;
    }

    /// <summary>Gets the window after an acknowledgement.</summary>
    public double Steer(in AcknowledgementSample sample, double window, double gainBytes, bool mayGrow, double baseMicros)
    {
        // Where our own segments are far apart, one of them alone is a queue.
        var queueMicros = Math.Clamp(QueueFraction * baseMicros, MinQueueMicros, MaxQueueMicros);
        _allowedMicros = Math.Max(queueMicros + (NoiseAllowance * _noiseMicros), _spacingMicros / 2);
        if (_meanMicros > _noiseMicros + _allowedMicros)
        {
            _windowAtBackoff = window;
            _backoffVisibleAt = sample.Now + (2 * sample.SmoothedRoundTripMicros);
            return Math.Max(OrdinaryWindow, Backoff * window);
        }

        if (!mayGrow)
        {
            return window;
        }

        // A window beyond the one of the last backoff shows that the path has more to give than then.
        var isFar = _windowAtBackoff == 0 || window < Backoff * _windowAtBackoff;
        _windowAtBackoff = isFar ? _windowAtBackoff : Math.Max(_windowAtBackoff, window);
        var growth = isFar ? Math.Max(gainBytes, FastGrowth * window) : gainBytes;
        return window + (growth * Math.Min(sample.AcknowledgedBytes, window) / window);
    }

    /// <summary>Returns to the ordinary rules, until losses have been found random again.</summary>
    public void Stop()
    {
        IsTolerating = false;
        ForgetLosses();
    }

    private bool StillTolerates(Instant now, double window, double minWindow)
    {
        OrdinaryWindow = Math.Max(Math.Min(OrdinaryWindow, window) / 2, minWindow);
        _queueAtLossMicros += (_nearLossMicros - _noiseMicros - _queueAtLossMicros) / 4;
        if (_queueAtLossMicros < ContradictionFactor * _allowedMicros && !_ratio.IsExceeded)
        {
            return true;
        }

        _ratio.Block(now);
        Stop();
        return false;
    }

    private bool BeginsToTolerate(Instant now, double window, double minWindow)
    {
        // Random losses meet the same delay as everything else, so its excess is zero on average.
        var excessMicros = _nearLossMicros - _noiseMicros;
        if (!_isNoiseKnown || _noiseMicros > MaxNoiseMicros || excessMicros > 2 * QueueAtLossMicros || _ratio.IsBlocked(now))
        {
            ForgetLosses();
            return false;
        }

        if (_lossCount == 0 || now.Since(_firstLoss) > EvidenceMicros)
        {
            ForgetLosses();
            _firstLoss = now;
            _queueAtLossMicros = 0;
            _ratio.BeginEpoch();
        }

        _lossCount++;
        _queueAtLossMicros += (excessMicros - _queueAtLossMicros) / _lossCount;
        _randomCount += _previousRoundBytes < ClearlyLess * _passedBytes ? 1 : 0;
        if (_randomCount < NeededLosses || 2 * _randomCount < _lossCount || _queueAtLossMicros > QueueAtLossMicros)
        {
            return false;
        }

        IsTolerating = true;
        OrdinaryWindow = Math.Max(window / 2, minWindow);
        _windowAtBackoff = 0;
        _allowedMicros = MaxQueueMicros;
        _queueAtLossMicros = 0;
        _ratio.EndEpoch();
        return true;
    }

    private void ForgetLosses() => _lossCount = _randomCount = 0;

    private void EndRound(in AcknowledgementSample sample, int segmentBytes)
    {
        _previousRoundBytes = _roundBytes;
        _spacingMicros = segmentBytes * (double)sample.SmoothedRoundTripMicros / Math.Max(_roundBytes, segmentBytes);
        if (!_isLossInRound && (_roundBytes >= _passedBytes || sample.Now.Since(_passedAt) > LossFreeMicros))
        {
            _passedBytes = _roundBytes;
            _passedAt = sample.Now;
        }

        LearnNoise();
        _roundBytes = 0;
        _isLossInRound = false;
        _roundEnd = sample.Now + sample.SmoothedRoundTripMicros;
        if (IsTolerating && sample.Now.Since(_lastLoss) > LossFreeMicros)
        {
            Stop();
        }
    }

    /// <summary>
    /// Learns what the queueing delay is without a queue that loses packets. While tolerating, a part of the delay is our own queue, so noise may only
    /// become less, unless the window is the ordinary one.
    /// </summary>
    private void LearnNoise()
    {
        var mean = _sumMicros / _sampleCount;
        if (!IsTolerating && !_isLossInRound)
        {
            _noiseMicros = _isNoiseKnown ? _noiseMicros + ((mean - _noiseMicros) / 8) : mean;
            _isNoiseKnown = true;
        }
        else if (IsTolerating && _sampleCount < NoiseSamples)
        {
            return;
        }
        else if (IsTolerating && (mean < _noiseMicros || _wasOrdinary))
        {
            _noiseMicros += (mean - _noiseMicros) / 4;
            if (_noiseMicros > MaxNoiseMicros)
            {
                Stop();
            }
        }

        _sumMicros = 0;
        _sampleCount = 0;
        _wasOrdinary = true;
    }
}

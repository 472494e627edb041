using Utp.Protocol.Congestion.Ledbat;
using Utp.Protocol.Time;
using Utp.Transport;

namespace Utp.Protocol.Congestion;

/// <summary>
/// CUBIC of RFC 9438, with HyStart++ (RFC 9406) to leave slow start before the buffer overflows. It takes its full share from other traffic and
/// fills the whole buffer, so it is for foreground transfers, not for background ones.
/// </summary>
internal sealed class CubicController : WindowController
{
    /// <summary>RFC 6928: the initial window, in segments.</summary>
    private const int InitialSegments = 10;

    /// <summary>RFC 9438 section 4.6: the fraction of the window that remains after a loss.</summary>
    private const double Beta = 0.7;

    /// <summary>RFC 9438 section 5.1: the scaling constant, in segments per second cubed.</summary>
    private const double C = 0.4;

    /// <summary>RFC 9438 section 4.3: with it, the Reno-friendly window sends on average as much as Reno with a decrease of one half.</summary>
    private const double RenoAlpha = 3 * (1 - Beta) / (1 + Beta);

    private QueueingDelayEstimator _delay = new(baseMinutes: 10, filterSamples: 4, correctsDrift: false);
    private HybridSlowStart _hybridSlowStart;
    private Instant _epochStart;
    private Instant _lastAcknowledgement;
    private double _largestWindow;
    private double _windowBeforeLoss;
    private double _renoWindow;
    private double _originSeconds;
    private double _largestBeforeCut;
    private bool _inSlowStart = true;
    private bool _isRebuilding;
    private bool _hasEpoch;

    public CubicController(int segmentBytes, long maxWindowBytes)
        : base(segmentBytes, maxWindowBytes, InitialSegments)
    {
    }

    public override UtpCongestionControl Algorithm => UtpCongestionControl.Cubic;

    public override string Phase => !_inSlowStart ? "avoidance" : _hybridSlowStart.IsConservative ? "conservative-slow-start" : "slow-start";

    public override long QueueingDelayMicros => _delay.QueueingDelayMicros;

    public override long BaseDelayMicros => _delay.BaseRoundTripMicros;

    protected override ref QueueingDelayEstimator Delay => ref _delay;

    protected override bool IsBelowThreshold => _inSlowStart;

    protected override bool IsInSlowStart => _inSlowStart;

    protected override bool IsRebuilding => _isRebuilding;

    /// <summary>Measures the delay for statistics; CUBIC does not react to delay outside slow start.</summary>
    public override void OnDelaySample(Instant now, uint timestampDifference) => _delay.OnDelaySample(now, timestampDifference);

    public override void OnPeerDelaySample(Instant now, uint timestampDifference) => _delay.OnPeerDelaySample(now, timestampDifference);

    public override void OnClockStep(Instant now) => _delay.OnClockStep();

    protected override void Begin(Instant now, bool inSlowStart)
    {
        _inSlowStart = inSlowStart;
        _isRebuilding = inSlowStart && HasThreshold;
        _lastAcknowledgement = now;
    }

    protected override void Steer(in AcknowledgementSample sample)
    {
        _delay.Update(sample);
        var mayGrow = sample.IsWindowLimited && !sample.IsInRecovery;
        if (!mayGrow)
        {
            // RFC 9438 section 5.8: the window must not catch up on time in which it could not grow.
            _epochStart += sample.Now.Since(_lastAcknowledgement);
        }
        else if (_inSlowStart)
        {
            SlowStart(sample);
        }
        else
        {
            Avoid(sample);
        }

        _lastAcknowledgement = sample.Now;
    }

    protected override void Cut(Instant now)
    {
        Reduce(Window);
        if (Window > MinWindow)
        {
            SetWindow(Window * Beta);
        }

        Threshold = Math.Max(Window, MinWindow);
        _inSlowStart = false;
        _isRebuilding = false;
    }

    protected override void RestartSlowStart(Instant now)
    {
        Reduce(Math.Max(Window, Threshold));
        _inSlowStart = true;
        _isRebuilding = true;
        _hybridSlowStart = default;
    }

    protected override void OnCutUndone(Instant now)
    {
        _largestWindow = _largestBeforeCut;
        _inSlowStart = Window < Threshold;
        _hasEpoch = false;
    }

    private void SlowStart(in AcknowledgementSample sample)
    {
        var growth = _hybridSlowStart.Observe(sample);
        GrowInSlowStart(sample.AcknowledgedBytes / (double)growth);
        if (_hybridSlowStart.IsOver || Window >= Threshold)
        {
            Threshold = Math.Min(Threshold, Window);
            _inSlowStart = false;
            _isRebuilding = false;
            _hasEpoch = false;
        }
    }

    private void Avoid(in AcknowledgementSample sample)
    {
        if (!_hasEpoch)
        {
            BeginEpoch(sample.Now);
        }

        var acknowledged = Math.Min(sample.AcknowledgedBytes, Window);
        var elapsedSeconds = sample.Now.Since(_epochStart) / 1e6;
        var alpha = _renoWindow >= _windowBeforeLoss ? 1 : RenoAlpha;
        _renoWindow += alpha * SegmentBytes * acknowledged / Window;
        if (CubicWindow(elapsedSeconds) < _renoWindow)
        {
            SetWindow(Math.Max(Window, _renoWindow));
            return;
        }

        var target = Math.Clamp(CubicWindow(elapsedSeconds + (sample.SmoothedRoundTripMicros / 1e6)), Window, 1.5 * Window);
        Grow((target - Window) * acknowledged / Window);
    }

    private void BeginEpoch(Instant now)
    {
        _hasEpoch = true;
        _epochStart = now;
        _renoWindow = Window;
        if (_largestWindow <= Window)
        {
            _largestWindow = Window;
            _windowBeforeLoss = Window;
        }

        var cubedMilliseconds = (_largestWindow - Window) / (C * SegmentBytes) * 1e9;
        _originSeconds = CubeRoot((ulong)cubedMilliseconds) / 1e3;
    }

    /// <summary>RFC 9438 figure 1: W_cubic(t) = C (t - K)^3 + W_max.</summary>
    private double CubicWindow(double seconds)
    {
        var offset = seconds - _originSeconds;
        return (C * SegmentBytes * offset * offset * offset) + _largestWindow;
    }

    private void Reduce(double windowBefore)
    {
        _largestBeforeCut = _largestWindow;
        _windowBeforeLoss = windowBefore;

        // Fast convergence, section 4.7: a flow that loses before it has regained the old maximum leaves room for a new flow.
        _largestWindow = windowBefore < _largestWindow ? windowBefore * (1 + Beta) / 2 : windowBefore;
        _hasEpoch = false;
    }

    /// <summary>Computes the integer cube root, rounded down, bit by bit, so that it is the same on every machine.</summary>
    internal static ulong CubeRoot(ulong value)
    {
        ulong root = 0;
        for (var shift = 63; shift >= 0; shift -= 3)
        {
            root <<= 1;
            var next = (3 * root * (root + 1)) + 1;
            if (value >> shift >= next)
            {
                value -= next << shift;
                root++;
            }
        }

        return root;
    }
}

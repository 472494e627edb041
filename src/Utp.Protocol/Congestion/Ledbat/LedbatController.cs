using Utp.Protocol.Time;
using Utp.Transport;

namespace Utp.Protocol.Congestion.Ledbat;

/// <summary>
/// LEDBAT of RFC 6817: the window grows or shrinks in proportion to the distance of the queueing delay from its target, and halves on loss. The
/// profile defines the speed and the kind of slow start.
/// </summary>
internal sealed class LedbatController : WindowController
{
    private readonly LedbatProfile _profile;
    private QueueingDelayEstimator _delay;
    private readonly double _targetMicros;
    private bool _inSlowStart = true;
    private bool _isRebuilding;

    public LedbatController(LedbatProfile profile, long targetDelayMicros, int segmentBytes, long maxWindowBytes)
        : base(segmentBytes, maxWindowBytes, MinWindowSegments)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(targetDelayMicros, 1);
        _profile = profile;
        _targetMicros = targetDelayMicros;
        _delay = new QueueingDelayEstimator(profile.BaseHistoryMinutes, profile.FilterSamples, correctsDrift: true);
    }

    public override UtpCongestionControl Algorithm => UtpCongestionControl.Ledbat;

    public override string Phase => _inSlowStart ? "slow-start" : "avoidance";

    public override long QueueingDelayMicros => _delay.QueueingDelayMicros;

    public override long BaseDelayMicros => _delay.BaseRoundTripMicros;

    public override long TargetDelayMicros => (long)_targetMicros;

    protected override ref QueueingDelayEstimator Delay => ref _delay;

    protected override bool IsBelowThreshold => _inSlowStart;

    protected override bool IsInSlowStart => _inSlowStart;

    protected override bool IsRebuilding => _isRebuilding;

    public override void OnDelaySample(Instant now, uint timestampDifference) => _delay.OnDelaySample(now, timestampDifference);

    public override void OnPeerDelaySample(Instant now, uint timestampDifference) => _delay.OnPeerDelaySample(now, timestampDifference);

    public override void OnClockStep(Instant now) => _delay.OnClockStep();

    protected override void Begin(Instant now, bool inSlowStart)
    {
        _inSlowStart = inSlowStart;
        _isRebuilding = inSlowStart && HasThreshold;
    }

    protected override void Steer(in AcknowledgementSample sample)
    {
        var queueing = (double)_delay.Update(sample);
        var mayGrow = sample.IsWindowLimited && !sample.IsInRecovery;
        if (_inSlowStart)
        {
            GrowInSlowStart(sample.AcknowledgedBytes, queueing, mayGrow);
        }

        if (!_inSlowStart)
        {
            var change = ProportionalChange(sample.AcknowledgedBytes, queueing);
            if (change < 0 || mayGrow)
            {
                SetWindow(Window + change);
            }
        }
    }

    protected override void Cut(Instant now)
    {
        HalveWindow();
        Threshold = Math.Max(Window, MinWindow);
        EndSlowStart();
    }

    protected override void RestartSlowStart(Instant now)
    {
        _inSlowStart = true;
        _isRebuilding = true;
    }

    protected override void OnCutUndone(Instant now) => _inSlowStart = Window < Threshold;

    private double ProportionalChange(long acknowledgedBytes, double queueing)
    {
        var offTarget = (_targetMicros - queueing) / _targetMicros;
        var acknowledged = Math.Min(acknowledgedBytes, Window);
        var gainBytes = _profile.GainBytesPerRoundTrip > 0 ? _profile.GainBytesPerRoundTrip : SegmentBytes;
        return gainBytes * offTarget * acknowledged / Window;
    }

    private void GrowInSlowStart(long acknowledgedBytes, double queueing, bool mayGrow)
    {
        if (queueing >= _profile.SlowStartExit * _targetMicros)
        {
            // The delay belongs to the window of a round trip ago. It does not show the doubling since then yet, so that doubling is undone.
            if (_profile.HasRealSlowStart)
            {
                HalveWindow();
            }

            Threshold = Math.Max(Window, MinWindow);
            EndSlowStart();
            return;
        }

        if (mayGrow)
        {
            GrowInSlowStart(_profile.HasRealSlowStart
                ? acknowledgedBytes
                : Math.Max(SegmentBytes * Math.Min(acknowledgedBytes, Window) / Window, ProportionalChange(acknowledgedBytes, queueing)));
        }

        if (Window >= Threshold)
        {
            EndSlowStart();
        }
    }

    private void EndSlowStart()
    {
        _inSlowStart = false;
        _isRebuilding = false;
    }
}

using Utp.Protocol.Time;
using Utp.Transport;

namespace Utp.Protocol.Congestion.Ledbat;

/// <summary>
/// LEDBAT++ (draft-irtf-iccrg-ledbat-plus-plus). It grows more slowly than Reno, decreases multiplicatively, and from time to time slows down to two
/// segments, so that every flow sees the empty path and late flows get their share. The sections cited are the draft's.
/// </summary>
internal sealed partial class LedbatPlusPlusController : WindowController
{
    private const int BaseHistoryMinutes = 10;
    private const int FilterSamples = 4;

    /// <summary>Section 4.2: GAIN is never less than a sixteenth.</summary>
    private const long MaxGainDivisor = 16;

    /// <summary>Section 4.1: the initial slow start ends at this fraction of the target.</summary>
    private const double SlowStartExit = 0.75;

    /// <summary>Section 4.4: round trips for which a slowdown freezes the window.</summary>
    private const int FrozenRoundTrips = 2;

    /// <summary>Factor by which the ramp may exceed the rate that arrived before the slowdown.</summary>
    private const double RampHeadroom = 1.25;

    private const double MaxProbeGrowth = 0.5;
    private const double MaxHoleGrowthSegments = 4;

    /// <summary>A smaller window gives too few samples to know what the queue was at a loss.</summary>
    private const int MinTellingSegments = 8;

    /// <summary>A queueing delay up to this fraction of the full target confirms the base delay.</summary>
    private const double ConfirmingFraction = 0.02;

    /// <summary>Fraction of the target by which the queue falls when another flow slows down; this still detects one flow of eight.</summary>
    private const double JoinedFraction = 0.125;

    private readonly LedbatPlusPlusSwitches _switches;
    private QueueingDelayEstimator _delay = new(BaseHistoryMinutes, FilterSamples, correctsDrift: false);
    private DelayTarget _target;

    /// <summary>Time when our queueing delay was last close to zero: the base delay is right, or at least does not include the queue of other flows.</summary>
    private Instant _baseConfirmedAt;
    private Stage _stage = Stage.SlowStart;

    /// <summary>Allocated when the first slow start ends, or is disturbed; null on most of many connections.</summary>
    private Experience? _experience;

    public LedbatPlusPlusController(LedbatPlusPlusSwitches switches, long targetDelayMicros, int segmentBytes, long maxWindowBytes)
        : base(segmentBytes, maxWindowBytes, MinWindowSegments)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(targetDelayMicros, 1);
        _switches = switches;
        _target = new DelayTarget(targetDelayMicros);
    }

    private enum Stage : byte
    {
        /// <summary>The first slow start: grows by GAIN per segment and ends on delay.</summary>
        SlowStart,
        Avoidance,

        /// <summary>Stays at two segments for two round trips.</summary>
        Slowdown,

        /// <summary>Doubles back to the window before the slowdown, whatever the delay: a flow that stopped early would lose its share.</summary>
        Ramp,

        /// <summary>Doubles after a timeout or idleness, and ends on delay, because conditions may have changed.</summary>
        Rebuild,
    }

    public override UtpCongestionControl Algorithm => UtpCongestionControl.LedbatPlusPlus;

    public override string Phase => _stage switch
    {
        Stage.SlowStart => "slow-start",
        Stage.Avoidance => IsTolerating ? "tolerant" : IsProbing ? "probe" : "avoidance",
        Stage.Slowdown => "slowdown",
        Stage.Ramp => "ramp",
        _ => "rebuild",
    };

    public override long QueueingDelayMicros => _delay.QueueingDelayMicros;

    public override long BaseDelayMicros => _delay.BaseRoundTripMicros;

    public override long TargetDelayMicros => (long)_target.Micros;

    /// <summary>Number of slowdowns that the connection has begun.</summary>
    public int SlowdownCount => _experience?.SlowdownCount ?? 0;

    protected override bool IsInSlowStart => _stage is Stage.SlowStart or Stage.Ramp or Stage.Rebuild || IsProbing;

    /// <summary>The ramp returns to a known rate; doubling beyond it, even for a moment, would only fill the buffer.</summary>
    protected override double MaxBytesPerMicro => _stage == Stage.Ramp ? Past.MaxRampBytesPerMicro : double.MaxValue;

    protected override bool IsRebuilding => _stage == Stage.Rebuild;

    private bool IsProbing => _experience is { EmptyPath.IsProbing: true };

    private Experience Past => _experience ??= new Experience();

    /// <summary>The queueing delay below which the path counts as empty. Bursts alone cause a few milliseconds.</summary>
    private double EmptyPathMicros => Math.Min(_target.Micros / 2, Math.Max(_target.Micros / 4, _target.FullMicros / 8));

    /// <summary>Growth per round trip while probing: what it adds to the queue before the delay shows it stays below half of the target.</summary>
    private double ProbeGrowth => Math.Min(MaxProbeGrowth, _target.Micros / 2 / Math.Max(SmoothedRoundTripMicros, 1));

    public override void OnDelaySample(Instant now, uint timestampDifference)
    {
        if (_switches.UsesOneWayDelay)
        {
            _delay.OnDelaySample(now, timestampDifference);
        }
    }

    /// <summary>Does nothing: positive drift inflates only the one-way estimate, which the round trip caps; slowdowns correct negative drift.</summary>
    public override void OnPeerDelaySample(Instant now, uint timestampDifference)
    {
    }

    public override void OnClockStep(Instant now) => _delay.OnClockStep();

    protected override void Steer(in AcknowledgementSample sample)
    {
        var queueing = (double)_delay.Update(sample);
        _target.Observe(sample, _delay.NewestQueueingDelayMicros);
        if (queueing <= ConfirmingFraction * _target.FullMicros)
        {
            _baseConfirmedAt = sample.Now;
        }

        _experience?.Tolerance?.Observe(sample, _delay.NewestQueueingDelayMicros, SegmentBytes);
        if (_switches.RebasesAfterRouteChange)
        {
            DetectRouteChange(sample, queueing);
        }

        switch (_stage)
        {
            case Stage.SlowStart or Stage.Rebuild:
                GrowUntilDelayed(sample, queueing);
                break;
            case Stage.Slowdown when sample.Now >= Past.FrozenUntil:
                BeginRamp();
                RampUp(sample);
                break;
            case Stage.Ramp:
                RampUp(sample);
                break;
            case Stage.Avoidance when Past.Slowdowns.IsDue(sample.Now):
                BeginSlowdown(sample);
                break;
            case Stage.Avoidance when IsTolerating:
                HoldWhileTolerating(sample, queueing);
                break;
            case Stage.Avoidance:
                Avoid(sample, queueing);
                break;
        }
    }

    protected override void Cut(Instant now)
    {
        Past.StageBeforeCut = _stage;
        Past.EmptyPath.OnLoss(now);
        Past.Route.Reset();
        if (_stage == Stage.Slowdown)
        {
            Threshold = Math.Max(Threshold / 2, MinWindow);
            return;
        }

        if (_switches.StaysBelowShallowBuffers && _stage is Stage.SlowStart or Stage.Avoidance && Window >= MinTellingSegments * SegmentBytes)
        {
            _target.OnLoss(now);
        }

        HalveWindow();
        Past.CutVisibleAt = now + SmoothedRoundTripMicros;
        Threshold = Math.Max(Window, MinWindow);
        EnterAvoidance(now);
    }

    protected override void RestartSlowStart(Instant now)
    {
        _experience?.Tolerance?.Stop();
        Past.StageBeforeCut = _stage;
        Past.EmptyPath.OnLoss(now);
        Past.Route.Reset();

        // While the capacity is unknown, slow start is still the first one.
        _stage = HasThreshold ? Stage.Rebuild : Stage.SlowStart;
    }

    protected override void OnCutUndone(Instant now)
    {
        _stage = Past.StageBeforeCut;
        _target.Forget();
        Past.EmptyPath.Reset();
        Past.Slowdowns.RestartFrom(Window);
    }

    private bool MayGrow(in AcknowledgementSample sample) => sample.IsWindowLimited && (!sample.IsInRecovery || IsTolerating);

    private void GrowUntilDelayed(in AcknowledgementSample sample, double queueing)
    {
        if (queueing > SlowStartExit * _target.Micros)
        {
            EnterAvoidance(sample.Now);
            return;
        }

        if (MayGrow(sample))
        {
            GrowInSlowStart(sample.AcknowledgedBytes * (_stage == Stage.SlowStart ? Gain() : 1));
        }

        if (Window >= Threshold)
        {
            EnterAvoidance(sample.Now);
        }
    }

    private void BeginRamp()
    {
        _stage = Stage.Ramp;
        if (_switches.ReturnsToRevealedPath && _delay.BaseRoundTripMicros < Past.BaseBeforeSlowdownMicros)
        {
            // A base delay that turns out lower had included a queue: the window before the slowdown was too large in proportion.
            var fullDelay = _delay.BaseRoundTripMicros + _target.Micros;
            var believedDelay = Past.BaseBeforeSlowdownMicros + _target.Micros;
            Threshold = Math.Max(Threshold * fullDelay / believedDelay, MinWindow);
        }
    }

    private void RampUp(in AcknowledgementSample sample)
    {
        // The ramp only returns to the window that this flow had before, so it does not matter what limits the flight.
        if (!sample.IsInRecovery || IsTolerating)
        {
            GrowInSlowStart(sample.AcknowledgedBytes);
        }

        if (Window >= Threshold)
        {
            EnterAvoidance(sample.Now);
        }
    }

    private void Avoid(in AcknowledgementSample sample, double queueing)
    {
        ObserveEmptyPath(sample, queueing);
        var acknowledged = Math.Min(sample.AcknowledgedBytes, Window);
        var isYielding = queueing > _target.Micros;
        var change = isYielding ? Decrease(queueing, Window) : Increase();
        Past.YieldingSince = isYielding ? Past.YieldingSince : sample.Now;

        // For a round trip after a cut the delays still belong to the window before it, and would cause a second cut.
        if (change < 0 ? sample.Now >= Past.CutVisibleAt : MayGrow(sample))
        {
            SetWindow(Window + (change * acknowledged / Window));
        }

        if (sample.Now < Past.ProbeSettledAt || Past.EmptyPath.IsProbing)
        {
            // If probing went too far, this flow itself reduced the window; no other flow has taken the share.
            Past.Slowdowns.RestartFrom(Window);
        }
        else if (IsSlowdownCalledFor(sample.Now, queueing))
        {
            BeginSlowdown(sample);
        }
    }

    /// <summary>Computes the bytes to add per round trip.</summary>
    private double Increase()
    {
        var gainBytes = Gain() * SegmentBytes;
        if (Past.EmptyPath.IsProbing)
        {
            return Window * ProbeGrowth;
        }

        var holeBytes = MaxHoleGrowthSegments * SegmentBytes * _target.Micros / _target.FullMicros;
        return Past.EmptyPath.IsInHole ? Math.Max(gainBytes, Math.Min(holeBytes, Window / 2)) : gainBytes;
    }

    /// <summary>Computes the bytes to add per round trip (section 4.3): W += max(GAIN - C * W * (delay / target - 1), -W / 2).</summary>
    private double Decrease(double queueing, double window)
    {
        var excess = (queueing / _target.Micros) - 1;
        return Math.Max((Gain() * SegmentBytes) - (_switches.DecreaseConstant * window * excess), -window / 2);
    }

    private void ObserveEmptyPath(in AcknowledgementSample sample, double queueing)
    {
        if (!_switches.ReprobesEmptyPath)
        {
            return;
        }

        var wasProbing = Past.EmptyPath.IsProbing;
        Past.EmptyPath.Observe(sample, queueing, EmptyPathMicros);
        if (wasProbing && !Past.EmptyPath.IsProbing)
        {
            // The delay belongs to the window of a round trip ago. Growth since then is not in the queue yet, so it is undone.
            SetWindow(Window / (1 + ProbeGrowth));
            Past.ProbeSettledAt = sample.Now + (2 * sample.SmoothedRoundTripMicros);
        }
    }

    private void EnterAvoidance(Instant now)
    {
        switch (_stage)
        {
            case Stage.SlowStart:
                Past.Slowdowns.AfterSlowStart(now, SmoothedRoundTripMicros);
                break;
            case Stage.Ramp:
                Past.Slowdowns.End(now);
                break;
            default:
                Past.Slowdowns.Postpone(now);
                break;
        }

        Threshold = Math.Max(Math.Min(Threshold, Window), MinWindow);
        Past.Slowdowns.RestartFrom(Window);
        _stage = Stage.Avoidance;
    }

    private void DetectRouteChange(in AcknowledgementSample sample, double queueing)
    {
        if (_experience is null)
        {
            return;
        }

        var isPinned = Window <= MinWindow + (SegmentBytes / 2) && _stage != Stage.SlowStart && queueing > _target.Micros / 2;
        if (Past.Route.Observe(sample.Now, isPinned, _delay.CurrentRoundTripMicros))
        {
            _delay.Rebase(sample.Now, Past.Route.SmallestRoundTripMicros);
            Past.Route.Reset();
            Past.EmptyPath.Reset();
            ForgetThreshold();
            _stage = Stage.SlowStart;
        }
    }

    /// <summary>Section 4.2: GAIN = 1 / min(16, ceil(2 * TARGET / base)).</summary>
    private double Gain()
    {
        var baseMicros = Math.Max(_delay.BaseRoundTripMicros, 1);
        var divisor = (long)Math.Ceiling(2 * _target.FullMicros / baseMicros);
        return 1.0 / Math.Clamp(divisor, 1, MaxGainDivisor);
    }
}

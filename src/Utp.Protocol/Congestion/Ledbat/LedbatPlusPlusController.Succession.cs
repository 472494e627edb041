using Utp.Protocol.Time;

namespace Utp.Protocol.Congestion.Ledbat;

// What another controller takes over from this one, and how this one begins in place of another.
internal sealed partial class LedbatPlusPlusController
{
    protected override ref QueueingDelayEstimator Delay => ref _delay;

    protected override bool IsBelowThreshold => _stage != Stage.Avoidance;

    protected override void Begin(Instant now, bool inSlowStart)
    {
        _stage = HasThreshold ? Stage.Rebuild : Stage.SlowStart;
        if (!inSlowStart)
        {
            EnterAvoidance(now);
        }
    }
}

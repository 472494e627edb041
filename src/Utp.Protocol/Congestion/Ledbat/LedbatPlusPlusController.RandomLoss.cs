using Utp.Protocol.Time;

namespace Utp.Protocol.Congestion.Ledbat;

// What random loss changes: losses that the flow tolerates do not cut the window, and a much smaller queue limits it instead.
internal sealed partial class LedbatPlusPlusController
{
    /// <summary>Whether losses are known to be random and do not cut the window.</summary>
    private bool IsTolerating => _experience is { Tolerance.IsTolerating: true };

    public override void OnSegmentLost(Instant now)
    {
        if (_switches.ToleratesRandomLoss)
        {
            (Past.Tolerance ??= new()).OnSegmentLost();
        }
    }

    protected override bool Tolerates(Instant now)
    {
        if (Past.Tolerance?.Tolerates(now, Window, MinWindow) != true)
        {
            return false;
        }

        if (_stage is Stage.SlowStart or Stage.Rebuild)
        {
            // Slow start ends on a loss in any case; it grows too fast to see a small queue in time.
            EnterAvoidance(now);
        }

        return true;
    }

    private void HoldWhileTolerating(in AcknowledgementSample sample, double queueing)
    {
        var tolerance = Past.Tolerance!;
        var gainBytes = Gain() * SegmentBytes;
        var ordinaryChange = queueing > _target.Micros ? Decrease(queueing, tolerance.OrdinaryWindow) : gainBytes;
        tolerance.FollowOrdinary(sample, ordinaryChange, MinWindow, Window);
        SetWindow(tolerance.Steer(sample, Window, gainBytes, MayGrow(sample), _delay.BaseRoundTripMicros));
        Past.Slowdowns.RestartFrom(Window);
    }
}

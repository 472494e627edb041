using Utp.Protocol.Time;

namespace Utp.Protocol.Congestion.Ledbat;

// When the flow slows down to two segments, so that every flow sees the empty path (section 4.4 of the draft).
internal sealed partial class LedbatPlusPlusController
{
    /// <summary>Whether other flows need this one to slow down before its slowdown is due.</summary>
    private bool IsSlowdownCalledFor(Instant now, double queueing)
    {
        // Acknowledgements that queue on their way back arrive in bursts, and the packets that they release form a short queue of our own.
        var isQueueStanding = now.Since(Past.YieldingSince) > SmoothedRoundTripMicros;
        if (Past.Slowdowns.IsShareTaken(now, Window) && isQueueStanding && _switches.SlowsDownForNewcomers)
        {
            return true;
        }

        // If the queue falls although our window has not shrunk, another flow has caused it.
        var peak = _target.RecentPeakMicros;
        return _switches.JoinsSlowdowns
            && peak >= _target.Micros / 2
            && queueing < peak - (JoinedFraction * _target.Micros)
            && Window >= 0.97 * RecentLargestWindow
            && Past.Slowdowns.ShouldJoin(now, _baseConfirmedAt);
    }

    private void BeginSlowdown(in AcknowledgementSample sample)
    {
        if (!IsSlowdownOfUse(sample))
        {
            Past.Slowdowns.Postpone(sample.Now);
            return;
        }

        Threshold = Window;
        Past.MaxRampBytesPerMicro = RampHeadroom * DeliveredBytesPerMicro;
        Past.BaseBeforeSlowdownMicros = _delay.BaseRoundTripMicros;
        SetWindow(MinWindow);
        ForgetEarlierWindows();
        Past.EmptyPath.Reset();
        _stage = Stage.Slowdown;
        Past.Slowdowns.Begin(sample.Now);
        Past.FrozenUntil = sample.Now + (FrozenRoundTrips * sample.SmoothedRoundTripMicros);
        Past.SlowdownCount++;
    }

    /// <summary>
    /// Whether a slowdown helps: a flow limited by its application, at two segments, or on an empty path, has no queue of its own to remove.
    /// </summary>
    private bool IsSlowdownOfUse(in AcknowledgementSample sample) =>
        sample.IsWindowLimited
        && Window > MinWindow + SegmentBytes
        && !(_switches.ReprobesEmptyPath && sample.Now.Since(_baseConfirmedAt) <= 2 * sample.SmoothedRoundTripMicros);
}

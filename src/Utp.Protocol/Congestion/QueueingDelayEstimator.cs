using System.Runtime.CompilerServices;
using Utp.Protocol.Time;

namespace Utp.Protocol.Congestion;

/// <summary>
/// What a delay-based controller believes of the queue it feeds: the smaller of the one-way estimate (timestamp differences above their
/// base) and the round-trip estimate (round trips above theirs). Each errs upwards in its own way, the first when the peer's clock runs fast
/// or is set forward, the second when the reverse path is congested or acknowledgements are late; none of these makes the other one larger.
/// </summary>
internal struct QueueingDelayEstimator(int baseMinutes, int filterSamples, bool correctsDrift)
{
    /// <summary>A peer's base that falls by more was not drift but a clock being set (libutp and libtorrent use the same bound).</summary>
    private const long MaxDriftStepMicros = 10_000;

    /// <summary>How far a one-way estimate may contradict the round trip before a clock is taken to have been set.</summary>
    private const long ClockStepMarginMicros = 50_000;

    /// <summary>Only drift is read from it; null where nobody asks for that.</summary>
    private readonly StrongBox<DelayHistory>? _reverse = correctsDrift ? new(new(baseMinutes, 1)) : null;
    private DelayHistory _forward = new(baseMinutes, filterSamples);
    private DelayHistory _roundTrip = new(baseMinutes, filterSamples);
    private int _newestRoundTripMicros;
    private int _queueingDelayMicros;
    private int _queueingByRoundTripMicros;
    private bool _forwardBaseIsVoid;

    /// <summary>Smallest of the newest few round trips, as of the last <see cref="Update"/>; zero before the first.</summary>
    public readonly long CurrentRoundTripMicros => BaseRoundTripMicros + _queueingByRoundTripMicros;

    /// <summary>The estimate as of the last <see cref="Update"/>.</summary>
    public readonly long QueueingDelayMicros => _queueingDelayMicros;

    /// <summary>Smallest round trip of the remembered minutes; zero before the first.</summary>
    public readonly long BaseRoundTripMicros => _roundTrip.HasSamples ? _roundTrip.Base : 0;

    /// <summary>The same from the newest samples alone, without the filter: noisier, and never late.</summary>
    public readonly long NewestQueueingDelayMicros => _forward.HasSamples && _roundTrip.HasSamples
        ? Math.Min(_forward.NewestQueueingDelayMicros, _roundTrip.NewestQueueingDelayMicros)
        : Math.Max(_forward.NewestQueueingDelayMicros, _roundTrip.NewestQueueingDelayMicros);

    public void OnDelaySample(Instant now, uint timestampDifference)
    {
        // Zero is what a peer writes before it has received anything.
        if (timestampDifference == 0)
        {
            return;
        }

        // The propagation delay is less than a round trip, so a sample cannot fall below the base by more unless a clock was set back.
        _forwardBaseIsVoid |= _forward.HasSamples && _newestRoundTripMicros > 0
            && DelayHistory.Distance(timestampDifference, _forward.Base) > _newestRoundTripMicros + ClockStepMarginMicros;
        _forward.Add(now, timestampDifference);
    }

    public void OnPeerDelaySample(Instant now, uint timestampDifference)
    {
        if (timestampDifference == 0 || _reverse is null)
        {
            return;
        }

        ref var reverse = ref _reverse.Value;
        var before = reverse.Base;
        var known = reverse.HasSamples;
        reverse.Add(now, timestampDifference);
        if (!known || !_forward.HasSamples)
        {
            return;
        }

        // Their samples shrink because their clock gains on ours, and then ours grow by as much without any queue.
        var fell = DelayHistory.Distance(reverse.Base, before);
        if (fell is > 0 and <= MaxDriftStepMicros)
        {
            _forward.ShiftBase(fell);
        }
    }

    /// <summary>Takes the round trip of an acknowledgement, if it has one, and combines both histories.</summary>
    public long Update(in AcknowledgementSample sample)
    {
        if (sample.RoundTripMicros > 0)
        {
            _newestRoundTripMicros = (int)Math.Min(sample.RoundTripMicros, int.MaxValue);
            _roundTrip.Add(sample.Now, (uint)_newestRoundTripMicros);
        }

        var maxAge = Math.Max(sample.SmoothedRoundTripMicros, _newestRoundTripMicros);
        var byRoundTrip = _roundTrip.QueueingDelayMicros(sample.Now, maxAge);
        _queueingByRoundTripMicros = (int)byRoundTrip;
        var queueing = byRoundTrip;
        if (_forward.HasSamples)
        {
            var oneWay = _forward.QueueingDelayMicros(sample.Now, maxAge);
            queueing = _roundTrip.HasSamples ? Combine(sample.Now, oneWay, byRoundTrip) : oneWay;
        }

        _queueingDelayMicros = (int)queueing;
        return queueing;
    }

    /// <summary>The route changed: round trips start from a new base, and what is measured now counts as an empty path.</summary>
    public void Rebase(Instant now, long baseRoundTripMicros)
    {
        _roundTrip.Rebase(now, (uint)Math.Min(baseRoundTripMicros, int.MaxValue));
        _forwardBaseIsVoid = _forward.HasSamples;
        _queueingDelayMicros = 0;
    }

    /// <summary>A clock jumped. One-way samples are worthless; round trips are measured by one clock, and their history remains.</summary>
    public void OnClockStep()
    {
        _forwardBaseIsVoid = _forward.HasSamples;
        _reverse?.Value.Clear();
    }

    private long Combine(Instant now, long oneWay, long byRoundTrip)
    {
        // No packet queues for longer than its round trip: a clock was set, or drift has accumulated.
        if (_forwardBaseIsVoid || oneWay > _newestRoundTripMicros + ClockStepMarginMicros)
        {
            _forward.Rebase(now, unchecked(_forward.Newest - (uint)byRoundTrip));
            _forwardBaseIsVoid = false;
            return byRoundTrip;
        }

        return Math.Min(oneWay, byRoundTrip);
    }
}

using System.Runtime.CompilerServices;
using Utp.Protocol.Time;

namespace Utp.Protocol.Congestion.Ledbat;

/// <summary>
/// Estimates the queueing delay of the path as the smaller of the one-way estimate (timestamp differences above their base) and the round-trip
/// estimate (round trips above theirs). Each can be too large for its own reasons: the first when the peer's clock runs fast or is set forward, the
/// second when the reverse path is congested or acknowledgements are late. None of these makes the other one larger.
/// </summary>
internal struct QueueingDelayEstimator(int baseMinutes, int filterSamples, bool correctsDrift)
{
    /// <summary>If a peer's base falls by more, the cause was not drift but a clock that was set (libutp and libtorrent use the same bound).</summary>
    private const long MaxDriftStepMicros = 10_000;

    /// <summary>The amount by which a one-way estimate may contradict the round trip before the estimator assumes that a clock was set.</summary>
    private const long ClockStepMarginMicros = 50_000;

    /// <summary>The peer's samples, used only to measure drift; null when drift is not corrected.</summary>
    private readonly StrongBox<DelayHistory>? _reverse = correctsDrift ? new(new(baseMinutes, 1)) : null;
    private DelayHistory _forward = new(baseMinutes, filterSamples);
    private DelayHistory _roundTrip = new(baseMinutes, filterSamples);
    private int _newestRoundTripMicros;
    private int _queueingDelayMicros;
    private int _queueingByRoundTripMicros;
    private bool _forwardBaseIsVoid;

    /// <summary>Smallest of the newest few round trips at the last <see cref="Update"/>; zero before the first.</summary>
    public readonly long CurrentRoundTripMicros => BaseRoundTripMicros + _queueingByRoundTripMicros;

    /// <summary>The estimate of the last <see cref="Update"/>.</summary>
    public readonly long QueueingDelayMicros => _queueingDelayMicros;

    /// <summary>Smallest round trip of the remembered minutes; zero before the first.</summary>
    public readonly long BaseRoundTripMicros => _roundTrip.HasSamples ? _roundTrip.Base : 0;

    /// <summary>The estimate from the newest samples alone, without the filter: noisier, but without lag.</summary>
    public readonly long NewestQueueingDelayMicros => _forward.HasSamples && _roundTrip.HasSamples
        ? Math.Min(_forward.NewestQueueingDelayMicros, _roundTrip.NewestQueueingDelayMicros)
        : Math.Max(_forward.NewestQueueingDelayMicros, _roundTrip.NewestQueueingDelayMicros);

    public void OnDelaySample(Instant now, uint timestampDifference)
    {
        // A peer writes zero before it has received anything.
        if (timestampDifference == 0)
        {
            return;
        }

        // The propagation delay is less than a round trip, so a sample falls below the base by more only if a clock was set back.
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

        // The peer's samples shrink when its clock gains on ours, and our samples then grow by the same amount without any queue.
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

    /// <summary>Takes a route change: round trips start from a new base, and the current delay counts as that of an empty path.</summary>
    public void Rebase(Instant now, long baseRoundTripMicros)
    {
        _roundTrip.Rebase(now, (uint)Math.Min(baseRoundTripMicros, int.MaxValue));
        _forwardBaseIsVoid = _forward.HasSamples;
        _queueingDelayMicros = 0;
    }

    /// <summary>Takes over what another estimator knows. The ages of its bases are lost: they count as measured now.</summary>
    public void ContinueFrom(Instant now, in QueueingDelayEstimator other)
    {
        _forward.ContinueFrom(now, other._forward);
        _roundTrip.ContinueFrom(now, other._roundTrip);
        if (_reverse is not null && other._reverse is not null)
        {
            _reverse.Value.ContinueFrom(now, other._reverse.Value);
        }

        _newestRoundTripMicros = other._newestRoundTripMicros;
        _queueingDelayMicros = other._queueingDelayMicros;
        _queueingByRoundTripMicros = other._queueingByRoundTripMicros;
        _forwardBaseIsVoid = other._forwardBaseIsVoid;
    }

    /// <summary>
    /// Takes a jump of a clock. One-way samples become invalid; round trips are measured by one clock, so their history remains.
    /// </summary>
    public void OnClockStep()
    {
        _forwardBaseIsVoid = _forward.HasSamples;
        _reverse?.Value.Clear();
    }

    private long Combine(Instant now, long oneWay, long byRoundTrip)
    {
        // No packet queues for longer than its round trip, so a clock was set, or drift has accumulated.
        if (_forwardBaseIsVoid || oneWay > _newestRoundTripMicros + ClockStepMarginMicros)
        {
            _forward.Rebase(now, unchecked(_forward.Newest - (uint)byRoundTrip));
            _forwardBaseIsVoid = false;
            return byRoundTrip;
        }

        return Math.Min(oneWay, byRoundTrip);
    }
}

using System.Runtime.InteropServices;
using Utp.Protocol.Time;

namespace Utp.Protocol.Sending;

/// <summary>When the oldest unacknowledged data is sent again (RFC 6298), with a back-off, and once before that a tail probe (RFC 8985).</summary>
[StructLayout(LayoutKind.Auto)]
internal struct RetransmissionTimer
{
    /// <summary>
    /// The longest wait between retransmissions that back-off makes, unless the path itself is slower. One segment per 10 s is no burden, and
    /// the transfer resumes soon after an outage even if the peer has nothing to send then.
    /// </summary>
    private const long MaxBackOffMicros = 10_000_000;

    /// <summary>Beyond the expected round trip, a tail probe leaves the peer time for a delayed acknowledgement (librqbit waits 40 ms).</summary>
    private const long TailProbeSlackMicros = 50_000;
    private const long MinTailProbeMicros = 10_000;

    private Instant _startedAt;
    private TailProbe _tailProbe;

    /// <summary>How far the tail probe of the present flight has come.</summary>
    private enum TailProbe : byte
    {
        /// <summary>The probe leaves when its time comes.</summary>
        Armed,

        /// <summary>The time has come, and nothing has left since.</summary>
        Due,

        /// <summary>The probe has left, or something else has in its place. The next one needs progress.</summary>
        Spent,
    }

    /// <summary>Timeouts since the last progress: the exponent of the back-off.</summary>
    public int TimeoutCount { get; private set; }

    /// <summary>When a segment last left.</summary>
    public Instant LastSentAt { get; private set; }

    public readonly bool IsTailProbeDue => _tailProbe == TailProbe.Due;

    /// <summary>Gets the timeout, with the back-off.</summary>
    public readonly long TimeoutMicros(in RoundTripEstimator roundTrip)
    {
        var timeout = roundTrip.TimeoutMicros;
        return Math.Max(timeout, Math.Min(MaxBackOffMicros, timeout << Math.Min(TimeoutCount, 10)));
    }

    /// <summary>When the flight times out.</summary>
    public readonly Instant RetransmissionAt(in InFlightSegments segments, in RoundTripEstimator roundTrip) =>
        segments.HasFlight ? _startedAt + TimeoutMicros(roundTrip) : Instant.Never;

    /// <summary>When the tail probe falls due.</summary>
    public readonly Instant TailProbeAt(in InFlightSegments segments, in RoundTripEstimator roundTrip)
    {
        // Unlike RFC 8985 (7.2) also while a gap is being filled: when its retransmission is lost, and the rest of the flight is beyond what
        // the peer's mask describes, nothing else would elicit an acknowledgement before the timeout.
        if (!segments.HasFlight || _tailProbe != TailProbe.Armed || TimeoutCount > 0 || !roundTrip.HasSample)
        {
            return Instant.Never;
        }

        var slack = segments.Count == 1 ? TailProbeSlackMicros : MinTailProbeMicros;
        var from = LastSentAt > _startedAt ? LastSentAt : _startedAt;
        return from + (2 * roundTrip.SmoothedMicros) + slack;
    }

    /// <summary>A segment left, for the first time or again.</summary>
    public void OnSegmentSent(Instant now, bool startsFlight)
    {
        LastSentAt = now;
        _startedAt = startsFlight ? now : _startedAt;
        CancelTailProbe();
    }

    public void OnTailProbeDeadline() => _tailProbe = TailProbe.Due;

    /// <summary>Something was acknowledged that had not been before.</summary>
    public void OnProgress(Instant now)
    {
        TimeoutCount = 0;
        _startedAt = now;
        _tailProbe = TailProbe.Armed;
    }

    public void OnTimeout(Instant now)
    {
        TimeoutCount++;
        _startedAt = now;
        CancelTailProbe();
    }

    /// <summary>The flight gets the full timeout from now on; the back-off stays.</summary>
    public void Restart(Instant now) => _startedAt = now;

    /// <summary>The peer or the path is back after a silence: the back-off begins again.</summary>
    public void OnSilenceEnded(Instant now)
    {
        TimeoutCount = 1;
        _startedAt = now;
    }

    private void CancelTailProbe() => _tailProbe = _tailProbe == TailProbe.Due ? TailProbe.Spent : _tailProbe;
}

using Utp.Protocol.Sending;
using Utp.Protocol.Time;
using Utp.Transport;

namespace Utp.Protocol.Connections;

// Interruptions that end again: a peer that sleeps, a link that is down, a rule of the own system that refuses datagrams.
internal sealed partial class ConnectionCore
{
    /// <summary>
    /// The longest wait between retransmissions that back-off makes, unless the path itself is slower. One segment per 10 s is no burden, and
    /// the transfer resumes soon after an outage even if the peer has nothing to send then.
    /// </summary>
    private const long MaxBackOffMicros = 10_000_000;

    /// <summary>
    /// For how long unacknowledged data is sent again when the idle timeout is off. RFC 1122, 4.2.3.5 (R2) asks of TCP for 100 s at least;
    /// Linux waits for about as long as this.
    /// </summary>
    private const long GiveUpMicros = 15 * 60_000_000L;

    /// <summary>The pause between attempts to send while the system refuses them. No packet leaves the host meanwhile.</summary>
    private const long RefusalPaceMicros = 500_000;

    /// <summary>A packet that comes after a silence of this length ends the back-off, and no more often than this.</summary>
    private const long MinSilenceMicros = 1_000_000;

    private long RetransmissionTimeoutMicros
    {
        get
        {
            var timeout = _roundTrip.TimeoutMicros;
            return Math.Max(timeout, Math.Min(MaxBackOffMicros, timeout << Math.Min(_timeoutCount, 10)));
        }
    }

    private long GiveUpAfterMicros => _settings.IdleTimeoutMicros > 0 ? _settings.IdleTimeoutMicros : GiveUpMicros;

    /// <summary>The system has refused the last train; nothing is sent until the next attempt.</summary>
    private bool IsRefused => _mishaps is { } mishaps && mishaps.RefusedUntil > Instant.Zero;

    /// <summary>
    /// The system refused to send the train that was written last (EPERM, ENETUNREACH): no peer and no queue had a part in it. It is tried
    /// again at a constant pace. Neither the congestion window nor the back-off counts what never left.
    /// </summary>
    internal void HandleSendRefused(Instant now)
    {
        if (State != ConnectionState.Connected)
        {
            return;
        }

        var mishap = Mishap;
        if (now - mishap.LastRefusedAt > 4 * RefusalPaceMicros)
        {
            mishap.RefusedSince = now;
        }

        mishap.LastRefusedAt = now;
        mishap.RefusedUntil = now + RefusalPaceMicros;
        AskAgain(now);
        for (int slot = _segments.OldestInFlight, next; slot >= 0; slot = next)
        {
            ref var segment = ref _segments.AtSlot(slot);
            next = segment.Next;
            if (segment.SentAt != _lastSentAt)
            {
                continue;
            }

            if (segment.Kind == SegmentKind.MtuProbe)
            {
                segment.Kind = SegmentKind.Data;
                _pathMtu.OnProbeLost(now);
            }

            _segments.MarkLost(_segments.NumberOf(slot));
        }

        _endpoint.Touch(this);
    }

    /// <summary>The next attempt is due. An acknowledgement goes along, because the refused train may have been one.</summary>
    private void HandleRefusalDeadline(Instant now)
    {
        if (_segments.Count > 0 && now - Mishap.RefusedSince >= GiveUpAfterMicros)
        {
            // The peer may go on talking, so that the idle timeout never falls due; the application has to learn that nothing leaves.
            Fail(UtpCloseReason.RetransmissionTimeout, resetAt: null);
            return;
        }

        Mishap.RefusedUntil = Instant.Zero;
        _retransmissionTimerStart = now;
        _acks.RequireImmediate();
    }

    /// <summary>Retransmission is over when it has gone on for the idle timeout without progress, and the peer has no reason to wait.</summary>
    private bool IsRetransmissionGivenUp(Instant now)
    {
        if (_timeoutCount == 1)
        {
            Mishap.StalledSince = now;
            return false;
        }

        var limit = GiveUpAfterMicros;
        if (_peerWindowBytes < SegmentBytes && now - _lastReceivedAt < limit)
        {
            // A peer that still answers lives, however long its window stays closed.
            Mishap.StalledSince = now;
        }

        return now - Mishap.StalledSince >= limit;
    }

    /// <summary>
    /// A packet that acknowledges nothing new ended a silence: the peer has slept or the path has been away, and both are back. What waits for
    /// a timeout that has been backed off is sent again at once.
    /// </summary>
    private void ResumeAfterSilence(Instant now, long silenceMicros)
    {
        if (_timeoutCount < 2 || silenceMicros < MinSilenceMicros || now - _lastDataSentAt < Math.Max(MinSilenceMicros, _roundTrip.SmoothedMicros))
        {
            return;
        }

        _timeoutCount = 1;
        _retransmissionTimerStart = now;
        LoseFlight(now);
        _retransmitAtOnce = true;
    }
}

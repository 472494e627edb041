using Utp.Protocol.Sending;
using Utp.Protocol.Time;
using Utp.Transport;

namespace Utp.Protocol.Connections;

// Interruptions that end again: a peer that sleeps, a link that is down, or a rule of the own system that refuses datagrams.
internal sealed partial class ConnectionCore
{
    /// <summary>
    /// The time for which unacknowledged data is sent again when the idle timeout is off. RFC 1122, 4.2.3.5 (R2) asks of TCP for 100 s at least;
    /// Linux waits for about as long as this.
    /// </summary>
    private const long DefaultStallTimeoutMicros = 15 * 60_000_000L;

    /// <summary>A packet ends the back-off only if it comes after a silence of this length, and at most once in this time.</summary>
    private const long MinSilenceMicros = 1_000_000;

    private long StallTimeoutMicros => _settings.IdleTimeoutMicros > 0 ? _settings.IdleTimeoutMicros : DefaultStallTimeoutMicros;

    /// <summary>Whether the system has refused the last train. Nothing is sent until the next attempt.</summary>
    private bool IsRefused => _mishaps is { Refusal.IsActive: true };

    /// <summary>
    /// The system refused to send the train that was written last (EPERM, ENETUNREACH). Neither the peer nor a queue caused that, so it is tried
    /// again at a constant pace. Neither the congestion window nor the back-off counts what never left.
    /// </summary>
    internal void HandleSendRefused(Instant now)
    {
        if (State != ConnectionState.Connected)
        {
            return;
        }

        EnsureMishaps().Refusal.OnRefused(now);
        AskAgain(now);
        for (int slot = _segments.OldestInFlight, next; slot >= 0; slot = next)
        {
            ref var segment = ref _segments.AtSlot(slot);
            next = segment.Next;
            if (segment.SentAt != _liveness.LastSentAt)
            {
                continue;
            }

            if (segment.Kind == SegmentKind.MtuProbe)
            {
                HandleProbeLost(now, ref segment);
            }

            _segments.MarkLost(_segments.NumberOf(slot));
        }

        _socket.Touch(this);
    }

    /// <summary>The next attempt to send is due. An acknowledgement goes along, because the refused train may have been one.</summary>
    private void HandleRefusalEnd(Instant now)
    {
        if (_segments.Count > 0 && EnsureMishaps().Refusal.HasLasted(now, StallTimeoutMicros))
        {
            // The peer may continue to send, so that the idle timeout never falls due. The application has to learn that nothing leaves.
            Fail(UtpCloseReason.RetransmissionTimeout, resetAt: null);
            return;
        }

        EnsureMishaps().Refusal.OnRetry();
        _retransmission.Restart(now);
        _acks.RequireImmediate();
    }

    /// <summary>Whether retransmission has continued for the idle timeout without progress, and the peer has no reason to wait.</summary>
    private bool IsStalled(Instant now)
    {
        var mishaps = EnsureMishaps();
        if (_retransmission.TimeoutCount == 1)
        {
            mishaps.StalledSince = now;
            return false;
        }

        var limit = StallTimeoutMicros;
        if (_peerWindowBytes < SegmentBytes && now - _liveness.LastReceivedAt < limit)
        {
            // A peer that still answers lives, however long its window stays closed.
            mishaps.StalledSince = now;
        }

        return now - mishaps.StalledSince >= limit;
    }

    /// <summary>
    /// A packet that acknowledges nothing new ended a silence: the peer has slept or the path has been down, and both are back. Data that waits for a
    /// timeout with back-off is sent again at once.
    /// </summary>
    private void ResumeAfterSilence(Instant now, long silenceMicros)
    {
        if (_retransmission.TimeoutCount < 2
            || silenceMicros < MinSilenceMicros
            || now - _retransmission.LastSentAt < Math.Max(MinSilenceMicros, _roundTrip.SmoothedMicros))
        {
            return;
        }

        _retransmission.OnSilenceEnded(now);
        MarkFlightLost(now);
        _losses.RequireRetransmission();
    }
}

using Utp.Protocol.Connections.Closing;
using Utp.Protocol.Connections.Failures;
using Utp.Protocol.Receiving;
using Utp.Protocol.Sending;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Connections;

// Evidence that the process at the other end is gone, though it said nothing: an ICMP error of its host, or a successor at the same port.
internal sealed partial class ConnectionCore
{
    /// <summary>How the peer's end became known; it tells log messages apart and changes no behaviour.</summary>
    public CloseEvidence Evidence { get; private set; }

    /// <summary>
    /// The number of a keepalive's acknowledgement, relative to the newest. Interop: one less, as libutp's, so that no peer takes it for a
    /// duplicate acknowledgement; but never the number of the peer's SYN, which a libutp that was started again on the same port, with the
    /// same id and number, would take for the answer to its own.
    /// </summary>
    private int KeepAliveOffset => !IsInitiator && _received.Next - 2 == _handshake.SynSequence ? 0 : -1;

    /// <summary>Whether this is a repetition of the SYN that made this connection, and nothing beyond it has come from the peer.</summary>
    internal bool IsUnconfirmedRequest(in PacketHeader syn) =>
        State == ConnectionState.SynReceived && !IsInitiator && _handshake.SynSequence == syn.Sequence;

    /// <summary>
    /// Handles a SYN that came from the peer's address with the id of this connection: a late copy of the old one, a forgery, or one of a new
    /// process at the same port. It gets no answer. The peer is asked; if it stays silent and the SYN comes again, seconds later, the connection ends.
    /// </summary>
    /// <returns>True if the connection has ended, so that the SYN can begin another.</returns>
    internal bool IsReplacedBy(Instant now, in PacketHeader syn)
    {
        if (State != ConnectionState.Connected)
        {
            return false;
        }

        var doubt = EnsureMishaps().Doubt ??= new SynDoubt();
        if (doubt.IsCopy(now))
        {
            return false;
        }

        if (doubt.OnSyn(now, syn.Sequence, _roundTrip.TimeoutMicros))
        {
            // No RESET is sent: it would reach the new process, which has the same ids.
            EndByPeer(CloseEvidence.PeerRestarted);
            return true;
        }

        _socket.Touch(this);
        return false;
    }

    /// <summary>
    /// Handles a report of the peer's host that no socket has the port any more, which quotes a packet. It counts as a RESET if only this side can
    /// have sent that packet: its ids and numbers fit, and its timestamp is, to the microsecond, that of a segment that is outstanding or of the
    /// last packet.
    /// </summary>
    /// <returns>Whether the report was believed.</returns>
    internal bool HandlePortUnreachable(in PacketHeader quoted)
    {
        // A packet that this system has refused never reached the peer's host, so the report is not about it.
        if (State != ConnectionState.Connected || quoted.ConnectionId != _handshake.SendId || IsRefused || !IsOutstanding(quoted))
        {
            return false;
        }

        EndByPeer(CloseEvidence.PortUnreachable);
        return true;
    }

    private bool IsOutstanding(in PacketHeader quoted)
    {
        var acknowledged = quoted.Acknowledgement - _received.Acknowledgement;
        if (acknowledged is > 0 or < -ReorderBuffer.MaxAhead)
        {
            return false;
        }

        if (quoted.Type is PacketType.Data or PacketType.Fin && _segments.Contains(quoted.Sequence))
        {
            ref var segment = ref _segments[quoted.Sequence];
            return segment.State != SegmentState.Acknowledged && quoted.Timestamp == TimestampExchange.OnWire(segment.SentAt);
        }

        // A bare STATE carries the next number, or after a FIN the FIN's. A request for an answer carries the one before the first outstanding.
        var expected = quoted.Type switch
        {
            PacketType.State => quoted.Sequence == _segments.Next || quoted.Sequence == _segments.Next - 1,
            PacketType.Data => quoted.Sequence == _segments.First - 1,
            _ => false,
        };
        return expected && quoted.Timestamp == TimestampExchange.OnWire(_liveness.LastSentAt);
    }

    private void HandleDoubtDeadline(Instant now)
    {
        var doubt = _mishaps!.Doubt!;
        if (doubt.HasExpired(now))
        {
            // The new process has given up. If the old peer lives, it must get true acknowledgements again.
            doubt.Close();
        }
        else if (doubt.HasAsksLeft && IsMistakenForSynAck(_received.Acknowledgement, doubt))
        {
            // A request would have to carry the very number that misleads the new process. Nothing is proven without an answer, so the SYN has to wait.
            doubt.Postpone();
        }
        else
        {
            doubt.OnAskDue(now);
            _liveness.RequireAsk();
        }
    }

    /// <summary>A request for an answer leaves. One that waits for a channel that would block has not been made yet.</summary>
    private void HandleAskSent(Instant now)
    {
        if (_mishaps is { Doubt: { IsOpen: true, HasAsksLeft: true } doubt } && !IsMistakenForSynAck(_received.Acknowledgement, doubt))
        {
            doubt.OnAskSent(now);
        }
    }

    /// <summary>The system refuses to send. Silence proves nothing then, and the requests begin again.</summary>
    private void AskAgain(Instant now)
    {
        if (_mishaps is { Doubt: { IsOpen: true } doubt })
        {
            doubt.AskAgain(now);
        }
    }

    /// <summary>
    /// Replaces an acknowledgement that a successor of the peer, which may be waiting for its SYN-ACK, would take for one. The successor would believe
    /// that it has a connection, and its first bytes would pass for repetitions of the old peer's. To the old peer such a packet is merely stale.
    /// </summary>
    private SequenceNumber HarmlessAcknowledgement(SequenceNumber acknowledgement) =>
        _mishaps is { Doubt: { IsOpen: true } doubt } && IsMistakenForSynAck(acknowledgement, doubt) ? doubt.HarmlessAcknowledgement : acknowledgement;

    private bool IsMistakenForSynAck(SequenceNumber acknowledgement, SynDoubt doubt) => !IsInitiator && doubt.IsMistakenForSynAck(acknowledgement);
}

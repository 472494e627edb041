using Utp.Protocol.Receiving;
using Utp.Protocol.Sending;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Connections;

// Evidence that the process at the other end is gone, though it said nothing: a report of its host, or a successor at the same port.
internal sealed partial class ConnectionCore
{
    /// <summary>How often a peer whose successor seems to have come is asked, and at which distance.</summary>
    private const int DoubtAsks = 3;
    private const long DoubtAskMicros = 800_000;

    /// <summary>SYNs closer together than this are copies of one.</summary>
    private const long MinSynSpacingMicros = 1_000_000;

    /// <summary>The silence of the old peer after which a further SYN is believed. libutp's second one comes after 3 s.</summary>
    private const long DoubtMicros = 2_500_000;

    /// <summary>libutp gives its request up after 21 s.</summary>
    private const long DoubtLifetimeMicros = 25_000_000;

    /// <summary>libutp takes a STATE for its SYN-ACK that acknowledges its SYN or one of the four numbers before; a few more do no harm.</summary>
    private const int SynAckSlack = 8;

    /// <summary>How the peer's end became known; tells messages apart, not behaviour.</summary>
    public CloseEvidence Evidence { get; private set; }

    private Instant DoubtDeadline => _mishaps is { Doubt: { IsOpen: true } doubt }
        ? doubt.AsksLeft > 0 ? doubt.NextAskAt : doubt.LastSynAt + DoubtLifetimeMicros
        : Instant.Never;

    /// <summary>
    /// The number of a keepalive's acknowledgement, relative to the newest. Interop: one less, as libutp's, so that no peer takes it for a
    /// duplicate acknowledgement; but never the number of the peer's SYN, which a libutp that was started again on the same port, with the
    /// same id and number, would take for the answer to its own.
    /// </summary>
    private int KeepAliveOffset => !IsInitiator && _receiveNext - 2 == _synSequence ? 0 : -1;

    /// <summary>Whether this is a repetition of the SYN that made this connection, and nothing beyond it has come from the peer.</summary>
    internal bool IsUnconfirmedRequest(in PacketHeader syn) =>
        State == ConnectionState.SynReceived && !IsInitiator && _synSequence == syn.Sequence;

    /// <summary>
    /// A SYN came from the peer's address with the id of this connection: a late copy of the old one, a forgery, or a new process at the same
    /// port. It gets no answer. The peer is asked; when it stays silent and the SYN comes again, seconds later, the connection ends.
    /// </summary>
    /// <returns>True when the connection has ended, so that the SYN can begin another.</returns>
    internal bool IsReplacedBy(Instant now, in PacketHeader syn)
    {
        if (State != ConnectionState.Connected)
        {
            return false;
        }

        var doubt = Mishap.Doubt ??= new SynDoubt();
        if (now - doubt.LastSynAt < MinSynSpacingMicros && doubt.LastSynAt > Instant.Zero)
        {
            return false;
        }

        if (!doubt.IsOpen || doubt.Number != syn.Sequence)
        {
            doubt.IsOpen = true;
            doubt.Number = syn.Sequence;
            doubt.Since = now;
            doubt.AsksLeft = DoubtAsks;
            doubt.NextAskAt = now;
        }
        else if (doubt.AsksLeft == 0
            && now - doubt.Since >= DoubtMicros
            && now - doubt.LastAskAt >= Math.Max(DoubtAskMicros, _roundTrip.TimeoutMicros))
        {
            // No RESET: it would meet the new process, which has the same ids.
            EndByPeer(CloseEvidence.PeerRestarted);
            return true;
        }

        doubt.LastSynAt = now;
        _endpoint.Touch(this);
        return false;
    }

    /// <summary>
    /// The peer's host reports that no socket has the port any more, quoting a packet of ours. It counts as a RESET when only this side can have
    /// sent that packet: its ids and numbers fit, and its timestamp is, to the microsecond, that of a segment that is outstanding or of the
    /// last packet.
    /// </summary>
    /// <returns>Whether it was believed.</returns>
    internal bool HandlePortUnreachable(in PacketHeader quoted)
    {
        // A packet that this system has refused never reached the peer's host, so the report is not about it.
        if (State != ConnectionState.Connected || quoted.ConnectionId != _sendId || IsRefused || !IsOutstanding(quoted))
        {
            return false;
        }

        EndByPeer(CloseEvidence.PortUnreachable);
        return true;
    }

    private bool IsOutstanding(in PacketHeader quoted)
    {
        var acknowledged = quoted.Acknowledgement - (_receiveNext - 1);
        if (acknowledged is > 0 or < -ReorderBuffer.MaxAhead)
        {
            return false;
        }

        if (quoted.Type is PacketType.Data or PacketType.Fin && _segments.Contains(quoted.Sequence))
        {
            ref var segment = ref _segments[quoted.Sequence];
            return segment.State != Sending.SegmentState.Acknowledged && quoted.Timestamp == WireTimestamp(segment.SentAt);
        }

        // A bare STATE carries the next number, or after a FIN the FIN's; a request for an answer carries the one before the first outstanding.
        var expected = quoted.Type switch
        {
            PacketType.State => quoted.Sequence == _segments.Next || quoted.Sequence == _segments.Next - 1,
            PacketType.Data => quoted.Sequence == _segments.First - 1,
            _ => false,
        };
        return expected && quoted.Timestamp == WireTimestamp(_lastSentAt);
    }

    private void HandleDoubtDeadline(Instant now)
    {
        if (now < DoubtDeadline)
        {
            return;
        }

        var doubt = _mishaps!.Doubt!;
        var expiresAt = doubt.LastSynAt + DoubtLifetimeMicros;
        if (now >= expiresAt)
        {
            // The newcomer has given up. If the old peer lives, it must get true acknowledgements again.
            doubt.IsOpen = false;
            return;
        }

        if (doubt.AsksLeft > 0 && IsMistakenForSynAck(_receiveNext - 1, doubt))
        {
            // A question would have to carry the very number that misleads the newcomer. Without an answer nothing is shown: it has to wait.
            doubt.NextAskAt = expiresAt;
            return;
        }

        doubt.NextAskAt = now + DoubtAskMicros;
        _askDue = true;
    }

    /// <summary>A question leaves. One that waits for a channel that would block has asked nobody yet.</summary>
    private void NoteAsked(Instant now)
    {
        if (_mishaps is { Doubt: { IsOpen: true, AsksLeft: > 0 } doubt } && !IsMistakenForSynAck(_receiveNext - 1, doubt))
        {
            doubt.AsksLeft--;
            doubt.LastAskAt = now;
            doubt.NextAskAt = now + DoubtAskMicros;
        }
    }

    /// <summary>The system refuses to send: that nobody answers proves nothing, and the questions begin again.</summary>
    private void AskAgain(Instant now)
    {
        if (_mishaps is { Doubt: { IsOpen: true } doubt })
        {
            doubt.Since = now;
            doubt.AsksLeft = DoubtAsks;
            doubt.NextAskAt = now;
        }
    }

    /// <summary>
    /// While a successor of the peer may be waiting for its SYN-ACK, no packet acknowledges what it would take for one: it would believe in a
    /// connection, and its first bytes would pass for repetitions of the old peer's. To the old peer such a packet is merely stale.
    /// </summary>
    private SequenceNumber HarmlessAcknowledgement(SequenceNumber acknowledgement) =>
        _mishaps is { Doubt: { IsOpen: true } doubt } && IsMistakenForSynAck(acknowledgement, doubt)
            ? doubt.Number - (SynAckSlack + 1)
            : acknowledgement;

    private bool IsMistakenForSynAck(SequenceNumber acknowledgement, SynDoubt doubt) =>
        !IsInitiator && (acknowledgement - doubt.Number) is <= 0 and >= -SynAckSlack;

    /// <summary>What is known of SYNs that came for a connection that is established.</summary>
    private sealed class SynDoubt
    {
        /// <summary>False once a packet of the old peer came.</summary>
        public bool IsOpen;
        public byte AsksLeft;
        public SequenceNumber Number;
        public Instant Since;
        public Instant LastSynAt;
        public Instant LastAskAt;
        public Instant NextAskAt;
    }
}

using Utp.Protocol.Sending;
using Utp.Protocol.Sockets;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;
using Utp.Transport;

namespace Utp.Protocol.Connections;

// Three steps: SYN (seq I, carries the initiator's receive id X), STATE (seq A, not consumed, acknowledges I), and then anything from the
// initiator that acknowledges A-1. Until that third packet the acceptor sends nothing but the one STATE per SYN: neither data, which libtorrent
// would lose, nor bytes to an address that may be forged. (BEP 29, "connection setup", as corrected by running code.)
internal sealed partial class ConnectionCore
{
    /// <summary>First wait for an answer; doubles. libutp waits 3 s, but a SYN costs 20 bytes.</summary>
    private const long SynTimeoutMicros = 1_000_000;
    private const long MaxSynTimeoutMicros = 8_000_000;

    /// <summary>How often the initiator repeats its confirmation while it has heard nothing: if the first is lost, the acceptor may not speak.</summary>
    private const int ConfirmationRepeats = 3;
    private const long ConfirmationMicros = 500_000;

    /// <summary>Requests that may still be answered; null when the handshake is over, and on the side that accepts.</summary>
    private List<SynAttempt>? _attempts;
    private Instant _synDeadline = Instant.Never;
    private bool _handshakePacketDue;

    private SequenceNumber _synSequence;
    private SequenceNumber _initialSequence;

    private Instant _confirmationDeadline = Instant.Never;
    private int _confirmationsLeft;

    /// <summary>The acceptor's duplicate detection: the SYN that made this connection.</summary>
    internal SequenceNumber SynSequence => _synSequence;

    internal int ReceiveIdCount => _attempts?.Count ?? 0;

    internal ushort ReceiveId => _receiveId;

    internal ushort SendId => _sendId;

    internal void StartConnecting(Instant now)
    {
        State = ConnectionState.SynSent;
        AddAttempt(now);
    }

    internal void StartAccepting(Instant now, in PacketHeader syn)
    {
        State = ConnectionState.SynReceived;
        _receiveId = unchecked((ushort)(syn.ConnectionId + 1));
        _sendId = syn.ConnectionId;
        _synSequence = syn.Sequence;
        _receiveNext = syn.Sequence + 1;
        _initialSequence = new SequenceNumber((ushort)_endpoint.Random.NextUInt32());
        _segments = new InFlightSegments(_initialSequence);
        _knownUpTo = _initialSequence;
        AnswerSyn(now, syn);
    }

    /// <summary>One STATE per SYN, always with the same sequence number, until the first packet beyond the SYN has come.</summary>
    internal void AnswerSyn(Instant now, in PacketHeader syn)
    {
        NoteTimestamps(now, syn);
        _lastReceivedAt = now;
        _handshakePacketDue = true;
        _endpoint.Touch(this);
    }

    /// <summary>
    /// A fresh connection id and number for each retry: libutp does not answer a repeated SYN, and libtorrent makes a second connection of it.
    /// The reply to an older attempt is still welcome.
    /// </summary>
    private void AddAttempt(Instant now)
    {
        if (_endpoint.TryReserveReceiveId(this, out var receiveId))
        {
            (_attempts ??= new(1)).Add(new SynAttempt(receiveId, new SequenceNumber((ushort)_endpoint.Random.NextUInt32())));
            _handshakePacketDue = true;
            _endpoint.Touch(this);
        }

        // Without a free id there is no attempt, but the next one waits its turn all the same.
        var timeout = Math.Min(MaxSynTimeoutMicros, SynTimeoutMicros << Math.Clamp(ReceiveIdCount - 1, 0, 10));
        var jitter = (long)(_endpoint.Random.NextUInt32() % (uint)(timeout / 4));
        _synDeadline = now + timeout + jitter;
    }

    private void HandleSynDeadline(Instant now)
    {
        if (now - CreatedAt >= _settings.ConnectTimeoutMicros)
        {
            AbandonAttempts(keep: -1);
            Fail(UtpCloseReason.ConnectTimeout, resetAt: null);
        }
        else if (now >= _synDeadline)
        {
            AddAttempt(now);
        }
    }

    /// <summary>An ICMP error that quotes our SYN: nobody is there. Only the number tells it from a forgery.</summary>
    internal void HandleUnreachable(PacketHeader quotedSyn, UtpCloseReason reason)
    {
        if (State == ConnectionState.SynSent && _attempts!.Exists(a => a.ReceiveId == quotedSyn.ConnectionId && a.Sequence == quotedSyn.Sequence))
        {
            Fail(reason, resetAt: null);
        }
    }

    private bool HandleSynAck(Instant now, in PacketView packet)
    {
        // What describes a gap answers earlier packets: those of a process that had this port before, with the same id and number.
        var index = _attempts!.FindIndex(a => a.ReceiveId == _demultiplexedId);
        var describesGap = packet.HasSelectiveAck && packet.SelectiveAck.ContainsAnyExcept((byte)0);
        if (packet.Header.Type != PacketType.State || describesGap || index < 0 || packet.Header.Acknowledgement != _attempts[index].Sequence)
        {
            return false;
        }

        var attempt = _attempts[index];
        AbandonAttempts(keep: index);
        _receiveId = attempt.ReceiveId;
        _sendId = unchecked((ushort)(attempt.ReceiveId + 1));
        _initialSequence = attempt.Sequence + 1;
        _segments = new InFlightSegments(_initialSequence);
        _knownUpTo = _initialSequence;

        // The SYN-ACK's number is the acceptor's next: its first DATA carries it again.
        _receiveNext = packet.Header.Sequence;
        State = ConnectionState.Connected;
        _synDeadline = Instant.Never;
        _handshakePacketDue = false;
        NoteTimestamps(now, packet.Header);
        NoteHeard(now);
        UpdatePeerWindow(packet.Header.WindowBytes);
        if (_attempts.Count == 1 && !_roundTrip.HasSample)
        {
            _roundTrip.AddSample(now - CreatedAt);
        }

        _attempts = null;
        _acks.RequireImmediate();
        _confirmationsLeft = ConfirmationRepeats;
        _confirmationDeadline = now + ConfirmationMicros;
        Raise(ConnectionEvents.Connected);
        _endpoint.Touch(this);
        return true;
    }

    /// <summary>The peer has shown that it received our SYN-ACK: it is where it says it is.</summary>
    private bool TryConfirm(Instant now, in PacketView packet)
    {
        // Interop: a libutp initiator confirms with its first data. One that has none still sends keepalives, which acknowledge one less.
        var knowledge = packet.Header.Acknowledgement - _initialSequence;
        var isConfirmation = knowledge == -1 || (knowledge == -2 && packet.Header.Type == PacketType.State);
        if (!isConfirmation)
        {
            return false;
        }

        // Also while the backlog is full. Its data is then neither kept nor acknowledged, and comes again.
        UpdatePeerWindow(packet.Header.WindowBytes);
        _lastReceivedAt = now;
        if (!_endpoint.TryAdmit(this))
        {
            return false;
        }

        Establish();
        return true;
    }

    /// <summary>An inbound connection is confirmed, and there is room for it.</summary>
    internal void Establish()
    {
        State = ConnectionState.Connected;
        _handshakePacketDue = false;
        Raise(ConnectionEvents.Accepted);
        _endpoint.Touch(this);
    }

    /// <summary>Peers may hold a half-open connection for an attempt that we no longer want: tell them.</summary>
    private void AbandonAttempts(int keep)
    {
        for (var i = 0; i < ReceiveIdCount; i++)
        {
            if (i != keep)
            {
                var attempt = _attempts![i];
                _endpoint.ReleaseReceiveId(this, attempt.ReceiveId);
                _endpoint.QueueReset(Remote, _local, unchecked((ushort)(attempt.ReceiveId + 1)), attempt.Sequence + 1, default);
            }
        }
    }

    private void HandleConfirmationDeadline(Instant now)
    {
        if (now >= _confirmationDeadline)
        {
            _acks.RequireImmediate();
            _confirmationsLeft--;
            _confirmationDeadline = _confirmationsLeft > 0
                ? now + (ConfirmationMicros << (ConfirmationRepeats - _confirmationsLeft))
                : Instant.Never;
        }
    }

    private void StopConfirming() => _confirmationDeadline = Instant.Never;

    private bool TryWriteHandshakePacket(Instant now, Span<byte> buffer, out Transmit transmit)
    {
        transmit = default;
        if (!_handshakePacketDue)
        {
            return false;
        }

        _handshakePacketDue = false;
        var isSyn = State == ConnectionState.SynSent;
        var header = new PacketHeader
        {
            Type = isSyn ? PacketType.Syn : PacketType.State,
            ConnectionId = isSyn ? _attempts![^1].ReceiveId : _sendId,
            Timestamp = WireTimestamp(now),
            TimestampDifference = _replyDifference,
            WindowBytes = _receiveWindow.Advertise(ReorderedBytes),
            Sequence = isSyn ? _attempts![^1].Sequence : _initialSequence,
            Acknowledgement = isSyn ? default : _synSequence,
        };
        header.Write(buffer);
        _lastSentAt = now;
        transmit = new Transmit(Remote, PacketHeader.Size, PacketHeader.Size, AllowFragmentation: false, this);
        return true;
    }

    private readonly record struct SynAttempt(ushort ReceiveId, SequenceNumber Sequence);
}

using Utp.Protocol.Connections.Opening;
using Utp.Protocol.Connections.Timers;
using Utp.Protocol.Receiving;
using Utp.Protocol.Sending;
using Utp.Protocol.Sockets;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;
using Utp.Transport;

namespace Utp.Protocol.Connections;

// The handshake has three steps: SYN (number I, carries the initiator's receive id X), STATE (number A, which is not consumed; acknowledges I), and
// then any packet from the initiator that acknowledges A-1. Until that third packet the acceptor sends nothing but one STATE per SYN: neither data,
// which libtorrent would lose, nor bytes to an address that may be forged. (BEP 29, "connection setup", as corrected by running code.)
internal sealed partial class ConnectionCore
{
    /// <summary>The number of ids on which a SYN may still be answered.</summary>
    internal int ReceiveIdCount => _handshake.AttemptCount;

    internal ushort ReceiveId => _handshake.ReceiveId;

    internal ushort SendId => _handshake.SendId;

    internal void StartConnecting(Instant now)
    {
        Enter(ConnectionState.SynSent);
        AddAttempt(now);
    }

    internal void StartAccepting(Instant now, in PacketHeader syn)
    {
        Enter(ConnectionState.SynReceived);
        _handshake.OnSyn(syn, new SequenceNumber((ushort)_socket.Random.NextUInt32()));
        StartNumbers(receiveNext: syn.Sequence + 1);
        AnswerSyn(now, syn);
    }

    /// <summary>Answers each SYN with one STATE, always with the same number, until the first packet beyond the SYN has come.</summary>
    internal void AnswerSyn(Instant now, in PacketHeader syn)
    {
        HandleTimestamps(now, syn);
        _liveness.OnHandshakePacket(now);
        _handshake.RequirePacket();
        _socket.Touch(this);
    }

    /// <summary>An ICMP error quotes a SYN of this connection: nothing listens there. Only the number tells the error from a forgery.</summary>
    internal void HandleUnreachable(PacketHeader quotedSyn, UtpCloseReason reason)
    {
        if (State == ConnectionState.SynSent && _handshake.IsAttempt(quotedSyn.ConnectionId, quotedSyn.Sequence))
        {
            Fail(reason, resetAt: null);
        }
    }

    /// <summary>An inbound connection is confirmed, and there is room for it.</summary>
    internal void Establish()
    {
        Enter(ConnectionState.Connected);
        _handshake.OnConfirmed();
        Raise(ConnectionEvents.Accepted);
        _socket.Touch(this);
    }

    /// <summary>
    /// Sends a SYN with a new connection id and number: libutp does not answer a repeated SYN, and libtorrent makes a second connection of it.
    /// An answer to an older SYN still counts.
    /// </summary>
    private void AddAttempt(Instant now)
    {
        if (_socket.TryReserveReceiveId(this, out var receiveId))
        {
            _handshake.AddAttempt(new SynAttempt(receiveId, new SequenceNumber((ushort)_socket.Random.NextUInt32())));
            _socket.Touch(this);
        }

        // Without a free id no SYN leaves, but the next one waits all the same.
        var wait = _handshake.WaitMicros;
        var jitter = (long)(_socket.Random.NextUInt32() % (uint)(wait / 4));
        _deadlines.Set(ConnectionTimer.Syn, now + wait + jitter);
    }

    private bool HandleSynAck(Instant now, in PacketView packet, ushort receiveId)
    {
        // A packet that describes a gap answers earlier packets: those of a process that had this port before, with the same id and number.
        var index = _handshake.IndexOf(receiveId);
        var describesGap = packet.HasSelectiveAck && packet.SelectiveAck.ContainsAnyExcept((byte)0);
        if (packet.Header.Type != PacketType.State
            || describesGap
            || index < 0
            || packet.Header.Acknowledgement != _handshake.Attempts[index].Sequence)
        {
            return false;
        }

        var isOnlyAttempt = _handshake.AttemptCount == 1;
        var attempt = _handshake.Attempts[index];
        AbandonAttempts(keep: index);
        _handshake.OnAnswered(attempt);

        // The SYN-ACK's number is the acceptor's next: its first DATA carries it again.
        StartNumbers(receiveNext: packet.Header.Sequence);
        Enter(ConnectionState.Connected);
        _deadlines.Clear(ConnectionTimer.Syn);
        HandleTimestamps(now, packet.Header);
        HandleSignOfLife(now);
        UpdatePeerWindow(packet.Header.WindowBytes);
        if (isOnlyAttempt && !_roundTrip.HasSample)
        {
            _roundTrip.AddSample(now - CreatedAt);
        }

        _acks.RequireImmediate();
        _deadlines.Set(ConnectionTimer.Confirmation, _handshake.StartConfirming(now));
        Raise(ConnectionEvents.Connected);
        _socket.Touch(this);
        return true;
    }

    private void StartNumbers(SequenceNumber receiveNext)
    {
        _received = new Reassembly(receiveNext);
        _segments = new InFlightSegments(_handshake.InitialSequence);
        _losses = new LossDetection(_handshake.InitialSequence);
    }

    /// <summary>Takes a packet that shows that the peer received the SYN-ACK, and so that its address is not forged.</summary>
    /// <returns>Whether the connection is established.</returns>
    private bool TryConfirm(Instant now, in PacketView packet)
    {
        // Interop: a libutp initiator confirms with its first data. One that has none still sends keepalives, which acknowledge one less.
        var knowledge = packet.Header.Acknowledgement - _handshake.InitialSequence;
        var isConfirmation = knowledge == -1 || (knowledge == -2 && packet.Header.Type == PacketType.State);
        if (!isConfirmation)
        {
            return false;
        }

        // The packet confirms even while the backlog is full. Its data is then neither kept nor acknowledged, and comes again.
        UpdatePeerWindow(packet.Header.WindowBytes);
        _liveness.OnHandshakePacket(now);
        if (!_socket.TryAdmit(this))
        {
            return false;
        }

        Establish();
        return true;
    }

    /// <summary>Tells the peer that attempts are over, for which it may hold half-open connections.</summary>
    private void AbandonAttempts(int keep)
    {
        for (var i = 0; i < _handshake.AttemptCount; i++)
        {
            if (i != keep)
            {
                var attempt = _handshake.Attempts[i];
                _socket.ReleaseReceiveId(this, attempt.ReceiveId);
                _socket.QueueReset(Remote, _localAddress.Known, unchecked((ushort)(attempt.ReceiveId + 1)), attempt.Sequence + 1, default);
            }
        }
    }

    private void StopConfirming() => _deadlines.Clear(ConnectionTimer.Confirmation);

    private bool TryWriteHandshakePacket(Instant now, Span<byte> buffer, out Transmit transmit)
    {
        transmit = default;
        if (!_handshake.IsPacketDue)
        {
            return false;
        }

        _handshake.OnPacketSent();
        var isSyn = State == ConnectionState.SynSent;
        var header = new PacketHeader
        {
            Type = isSyn ? PacketType.Syn : PacketType.State,
            ConnectionId = isSyn ? _handshake.Attempts[^1].ReceiveId : _handshake.SendId,
            Timestamp = TimestampExchange.OnWire(now),
            TimestampDifference = _timestamps.ReplyDifference,
            WindowBytes = _receiveWindow.Advertise(_received.HeldBytes),
            Sequence = isSyn ? _handshake.Attempts[^1].Sequence : _handshake.InitialSequence,
            Acknowledgement = isSyn ? default : _handshake.SynSequence,
        };
        header.Write(buffer);
        _liveness.OnSent(now);
        transmit = new Transmit(Remote, PacketHeader.Size, PacketHeader.Size, AllowFragmentation: false, this);
        return true;
    }
}

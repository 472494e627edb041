using Utp.Protocol.Connections.Failures;
using Utp.Protocol.Connections.Timers;
using Utp.Protocol.Receiving;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Connections;

// What arrives. Every packet is judged before it has any effect: one that acknowledges what was never sent, or carries a number that no peer of this
// connection would use, is counted and dropped. Old acknowledgements are ignored, but their data is kept.
internal sealed partial class ConnectionCore
{
    /// <summary>libutp tolerates acknowledgements that are this much older than the newest, and more if more was in flight.</summary>
    private const int AckSlack = 3;

    /// <summary>How far below the first number an acknowledgement may be: one, one more in a keepalive, and what an open doubt subtracts.</summary>
    private const int LeastAcknowledgementSlack = 2 + SynDoubt.SynAckSlack + 1;

    /// <summary>
    /// Takes the next run of payload that became in order because a gap was filled. To be called after each datagram until it returns false. The
    /// payload is valid until the next call on the core.
    /// </summary>
    public bool TryTakeReordered(out ReadOnlySpan<byte> payload)
    {
        if (!_received.TryTakeReady(_socket.SegmentBuffers, out payload))
        {
            return false;
        }

        Deliver(payload.Length);
        return true;
    }

    /// <summary>Handles a packet for this connection.</summary>
    /// <param name="now">When it arrived.</param>
    /// <param name="packet">The packet.</param>
    /// <param name="payload">Its payload.</param>
    /// <param name="receiveId">The id that it was found by: an initiator that sends several SYNs listens to several ids.</param>
    /// <param name="deliveredBytes">The number of bytes of the payload that are in order and go to the application.</param>
    /// <returns>Whether the packet was plausible.</returns>
    internal bool HandlePacket(Instant now, in PacketView packet, ReadOnlySpan<byte> payload, ushort receiveId, out int deliveredBytes)
    {
        deliveredBytes = 0;
        var type = packet.Header.Type;
        if (type == PacketType.Reset)
        {
            return HandleReset(packet.Header, receiveId);
        }

        if (State == ConnectionState.SynSent)
        {
            return HandleSynAck(now, packet, receiveId);
        }

        if (!IsPlausible(packet.Header) || (State == ConnectionState.SynReceived && !TryConfirm(now, packet)))
        {
            return false;
        }

        var silence = now - _liveness.LastReceivedAt;
        HandleSignOfLife(now);
        HandleTimestamps(now, packet.Header);
        StopConfirmingOn(type);
        if (State == ConnectionState.Lingering)
        {
            HandleWhileLingering(now, packet.Header, payload);
            return true;
        }

        HandleAcknowledgement(now, packet);
        ResumeAfterSilence(now, silence);
        if (type is PacketType.Data or PacketType.Fin && State == ConnectionState.Connected)
        {
            deliveredBytes = HandleSegment(now, packet.Header, payload);
        }

        CheckCompletion(now);
        _socket.Touch(this);
        return true;
    }

    private bool IsPlausible(in PacketHeader header)
    {
        var acknowledged = header.Acknowledgement - _segments.First;
        if (acknowledged >= _segments.Count)
        {
            return false;
        }

        if (header.Type == PacketType.State)
        {
            // Interop: after a FIN, libtorrent's STATEs repeat its number and libutp's carry the next; so the number is not judged.
            return acknowledged >= -(1 + AckSlack + _segments.MaxCount);
        }

        // Deviation: libutp and libtorrent drop DATA whose acknowledgement is more than 3 behind; peers that resend a packet unchanged
        // would lose it for ever. The data is kept, the acknowledgement ignored. But no peer acknowledges less than the number before this
        // side's first: such a packet is a late one of an earlier connection with the same ids.
        var ahead = header.Sequence - _received.Next;
        var oldest = Math.Min(ReorderBuffer.MaxAhead, _counters.SegmentsSent + LeastAcknowledgementSlack);
        return acknowledged >= -oldest && ahead < ReorderBuffer.MaxAhead && ahead >= -ReorderBuffer.MaxAhead;
    }

    /// <summary>Handles DATA or a FIN. Returns the number of bytes of the payload that are in order and go to the application.</summary>
    private int HandleSegment(Instant now, in PacketHeader header, ReadOnlySpan<byte> payload)
    {
        _counters.OnSegmentReceived();
        _deadlines.Clear(ConnectionTimer.WindowUpdate);
        var ahead = header.Sequence - _received.Next;
        if (ahead < 0 || _ends.IsBeyondPeerFin(header.Sequence))
        {
            EnsureMishaps().DuplicateSegmentsReceived++;
            _acks.RequireImmediate();
            return 0;
        }

        _liveness.OnExchange();

        // A segment that fills the gap is let in beside the segments held behind it. They took window that the sender, which sees acknowledgements out
        // of order, may have believed free; they would otherwise shut out for ever the one segment that makes them deliverable.
        if (payload.Length > _receiveWindow.FreeBytes(ahead == 0 ? 0 : _received.HeldBytes))
        {
            // The segment exceeds the advertised window. It is dropped and answered, because it may be a probe of a closed window.
            _acks.RequireImmediate();
            return 0;
        }

        if (ahead > 0)
        {
            HoldAhead(header, payload);
            return 0;
        }

        return HandleNextSegment(now, header.Type, header.Sequence, payload.Length);
    }

    /// <summary>Handles the segment with the next number expected. Returns the number of its bytes that go to the application.</summary>
    private int HandleNextSegment(Instant now, PacketType type, SequenceNumber number, int length)
    {
        if (type == PacketType.Fin)
        {
            _ends.OnPeerFin(number);
        }

        var fillsGap = _received.HasHeld;
        _received.Advance();
        while (_ends.DiscardsReceived && TryTakeReordered(out _))
        {
            // The application has closed the connection and will not take them.
        }

        if (_ends.TryReachPeerFin(_received.Next))
        {
            _acks.RequireImmediate();
            Raise(ConnectionEvents.PeerFinished);
        }

        if (fillsGap || type == PacketType.Fin)
        {
            _acks.RequireImmediate();
        }
        else
        {
            _acks.OnInOrderSegment(now, _settings.AckDelayMicros);
        }

        return Deliver(length);
    }

    private void HoldAhead(in PacketHeader header, ReadOnlySpan<byte> payload)
    {
        _acks.RequireImmediate();
        if (_received.Contains(header.Sequence))
        {
            EnsureMishaps().DuplicateSegmentsReceived++;
            return;
        }

        if (header.Type == PacketType.Fin)
        {
            if (_received.HoldsBeyond(header.Sequence))
            {
                // A FIN before data that has arrived already is a forgery, or the peer is broken.
                return;
            }

            _ends.OnPeerFin(header.Sequence);
        }

        _received.Hold(header.Sequence, payload, _socket.SegmentBuffers);
    }

    /// <summary>Counts bytes that arrived in order. Returns the number that go to the application: none once it has closed the connection.</summary>
    private int Deliver(int bytes)
    {
        _counters.OnBytesReceived(bytes);
        if (_ends.DiscardsReceived)
        {
            DiscardAtRate(bytes);
            return 0;
        }

        _receiveWindow.OnDelivered(bytes);
        _rates?.OnReceived(bytes);
        return bytes;
    }

    /// <summary>Acknowledges and drops what the peer still sends, above all its FIN, which may leave after it has acknowledged this side's.</summary>
    private void HandleWhileLingering(Instant now, in PacketHeader header, ReadOnlySpan<byte> payload)
    {
        if (header.Type is PacketType.Data or PacketType.Fin)
        {
            HandleSegment(now, header, payload);
            _acks.RequireImmediate();
            _socket.Touch(this);
        }
    }

    private void StopConfirmingOn(PacketType type)
    {
        if (type is PacketType.Data or PacketType.Fin || _segments.First != _handshake.InitialSequence)
        {
            StopConfirming();
        }
    }

    private void HandleTimestamps(Instant now, in PacketHeader header)
    {
        if (header.Timestamp == 0)
        {
            return;
        }

        _timestamps.OnPacket(now, header);
        _controller.OnPeerDelaySample(now, _timestamps.ReplyDifference);
        if (!_roundTrip.HasSample && _timestamps.RoundTripMicros(header, now - CreatedAt) is > 0 and var roundTrip)
        {
            _roundTrip.AddSample(roundTrip);
        }
    }
}

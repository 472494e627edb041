using Utp.Protocol.Receiving;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Connections;

// World in. Every packet is judged before it has any effect: an acknowledgement of what was never sent, or a number that no peer of this
// connection would use, is counted and dropped. Old acknowledgements are ignored, but their data is kept.
internal sealed partial class ConnectionCore
{
    /// <summary>libutp tolerates acknowledgements this much older than the newest; more if more was in flight.</summary>
    private const int AckSlack = 3;

    /// <summary>How far below the first number an acknowledgement may be: one, one more in a keepalive, and what doubt takes off.</summary>
    private const int LeastAcknowledgementSlack = 2 + SynAckSlack + 1;

    /// <summary>Which id the packet being handled carried: an initiator that retries listens to several.</summary>
    private ushort _demultiplexedId;

    private SequenceNumber _peerFinSequence;
    private bool _peerFinReceived;
    private bool _peerFinReached;

    /// <summary>Reordered segments that are in order now, and wait to be taken.</summary>
    private SequenceNumber _readyNext;
    private int _readyCount;

    private long _bytesReceived;
    private long _segmentsReceived;

    /// <summary>Handles a packet for this connection. Returns the length of in-order payload at the packet's payload offset.</summary>
    internal bool HandlePacket(Instant now, in PacketView packet, ReadOnlySpan<byte> payload, ushort receiveId, out int deliveredBytes)
    {
        deliveredBytes = 0;
        _demultiplexedId = receiveId;
        var type = packet.Header.Type;
        if (type == PacketType.Reset)
        {
            return HandleReset(packet.Header);
        }

        if (State == ConnectionState.SynSent)
        {
            return HandleSynAck(now, packet);
        }

        if (!IsPlausible(packet.Header) || (State == ConnectionState.SynReceived && !TryConfirm(now, packet)))
        {
            return false;
        }

        var silence = now - _lastReceivedAt;
        NoteHeard(now);
        NoteTimestamps(now, packet.Header);
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
        _endpoint.Touch(this);
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
            return acknowledged >= -(1 + AckSlack + _maxOutstandingCount);
        }

        // Deviation: libutp and libtorrent drop DATA whose acknowledgement is more than 3 behind; peers that resend a packet unchanged
        // would lose it for ever. The data is kept, the acknowledgement ignored. But no peer acknowledges less than the number before this
        // side's first: such a packet is a late one of an earlier connection with the same ids.
        var ahead = header.Sequence - _receiveNext;
        var oldest = Math.Min(ReorderBuffer.MaxAhead, _segmentsSent + LeastAcknowledgementSlack);
        return acknowledged >= -oldest && ahead < ReorderBuffer.MaxAhead && ahead >= -ReorderBuffer.MaxAhead;
    }

    /// <summary>Returns how many bytes of the payload are in order and go straight to the application.</summary>
    private int HandleSegment(Instant now, in PacketHeader header, ReadOnlySpan<byte> payload)
    {
        _segmentsReceived++;
        _windowUpdateDeadline = Instant.Never;
        var ahead = header.Sequence - _receiveNext;
        if (ahead < 0 || (_peerFinReceived && header.Sequence > _peerFinSequence))
        {
            Mishap.DuplicateSegmentsReceived++;
            _acks.RequireImmediate();
            return 0;
        }

        NoteExchange();

        // What fills the gap is let in beside the segments held behind it: they took window that the sender, seeing acknowledgements out of
        // order, may have believed free, and would otherwise shut out for ever the one segment that sets them free.
        if (payload.Length > _receiveWindow.FreeBytes(ahead == 0 ? 0 : ReorderedBytes))
        {
            // Beyond what was advertised: dropped, and answered, because it may be a probe of a closed window.
            _acks.RequireImmediate();
            return 0;
        }

        if (ahead > 0)
        {
            HoldAhead(header, payload);
            return 0;
        }

        if (header.Type == PacketType.Fin)
        {
            NotePeerFin(header.Sequence);
        }

        var filledGap = _reordered is { Count: > 0 };
        _receiveNext += 1;
        AdvancePastHeldSegments();
        ReachPeerFin();
        if (filledGap || header.Type == PacketType.Fin)
        {
            _acks.RequireImmediate();
        }
        else
        {
            _acks.OnInOrderSegment(now, _settings.AckDelayMicros);
        }

        return Deliver(payload.Length);
    }

    private void HoldAhead(in PacketHeader header, ReadOnlySpan<byte> payload)
    {
        _acks.RequireImmediate();
        _reordered ??= new ReorderBuffer(_endpoint.SegmentBuffers);
        if (_reordered.Contains(_receiveNext, header.Sequence))
        {
            Mishap.DuplicateSegmentsReceived++;
            return;
        }

        if (header.Type == PacketType.Fin)
        {
            if (_reordered.Count > 0 && _reordered.Highest > header.Sequence)
            {
                // A FIN before data that has arrived already is a forgery or a broken peer.
                return;
            }

            NotePeerFin(header.Sequence);
        }

        _reordered.Add(_receiveNext, header.Sequence, payload);
    }

    /// <summary>A gap was filled: what was held behind it is in order, acknowledged, and ready to be taken.</summary>
    private void AdvancePastHeldSegments()
    {
        if (_reordered is not { Count: > 0 })
        {
            return;
        }

        Invariant.Holds(_readyCount == 0, "ready segments are taken before the next datagram");
        _readyNext = _receiveNext;
        while (_readyCount < _reordered.Count && _reordered.Contains(_readyNext, _receiveNext))
        {
            _receiveNext += 1;
            _readyCount++;
        }

        while (_discardReceived && TryTakeReordered(out _))
        {
            // The application has closed: nobody else will take them.
        }
    }

    /// <summary>Counts bytes that go to the application, and returns how many really do: none, once it has closed.</summary>
    private int Deliver(int bytes)
    {
        _bytesReceived += bytes;
        if (_discardReceived)
        {
            return 0;
        }

        _receiveWindow.OnDelivered(bytes);
        return bytes;
    }

    private void NotePeerFin(SequenceNumber sequence)
    {
        if (!_peerFinReceived)
        {
            _peerFinReceived = true;
            _peerFinSequence = sequence;
        }
    }

    private void ReachPeerFin()
    {
        if (_peerFinReceived && !_peerFinReached && _receiveNext > _peerFinSequence)
        {
            _peerFinReached = true;
            _acks.RequireImmediate();
            Raise(ConnectionEvents.PeerFinished);
        }
    }

    /// <summary>What the peer still sends is acknowledged and dropped, its FIN above all: it may leave after ours was acknowledged.</summary>
    private void HandleWhileLingering(Instant now, in PacketHeader header, ReadOnlySpan<byte> payload)
    {
        if (header.Type is PacketType.Data or PacketType.Fin)
        {
            HandleSegment(now, header, payload);
            _acks.RequireImmediate();
            _endpoint.Touch(this);
        }
    }

    private void StopConfirmingOn(PacketType type)
    {
        if (type is PacketType.Data or PacketType.Fin || _segments.First != _initialSequence)
        {
            StopConfirming();
        }
    }

    /// <summary>Taken at arrival, not when the answer leaves: our own delay in answering is not the path's.</summary>
    private void NoteTimestamps(Instant now, in PacketHeader header)
    {
        if (header.Timestamp != 0)
        {
            _replyDifference = WireDifference(unchecked(now.WireTimestamp - header.Timestamp));
            _controller.OnPeerDelaySample(now, _replyDifference);
            if (!_roundTrip.HasSample && TimestampRoundTrip(now, header) is > 0 and var roundTrip)
            {
                _roundTrip.AddSample(roundTrip);
            }
        }
    }

    /// <summary>0 and 0x7FFFFFFF mean "none" to libutp and libtorrent.</summary>
    private static uint WireDifference(uint difference) => difference is 0 or NoDifference ? difference + 1 : difference;

    private const uint NoDifference = 0x7FFF_FFFF;

    /// <summary>0 means "no sample" to peers.</summary>
    private static uint WireTimestamp(Instant now) => Math.Max(1, now.WireTimestamp);
}

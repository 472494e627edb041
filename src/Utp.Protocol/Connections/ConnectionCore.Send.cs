using Utp.Protocol.Sending;
using Utp.Protocol.Sockets;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Connections;

// Packets out, one train at a time: what is lost first, then new data, then a FIN. A train's segments are equal in size but for the last, so
// that the system can cut it. A bare STATE leaves when nothing else has carried the acknowledgement.
internal sealed partial class ConnectionCore
{
    private bool _isWindowLimited;
    private bool _retransmitAtOnce;
    private bool _tailProbeDue;
    private bool _windowProbeDue;
    private Instant _pacingDeadline = Instant.Never;
    private Instant _lastDataSentAt;

    private long _bytesSent;
    private long _segmentsSent;
    private long _acksSent;

    private enum ChoiceKind : byte
    {
        None,
        Retransmission,
        TailProbe,
        New,
    }

    /// <summary>Writes the next packets, if any may leave now.</summary>
    internal bool TryWriteTrain(Instant now, Span<byte> buffer, int maxSegments, out Transmit transmit)
    {
        switch (State)
        {
            case ConnectionState.SynSent or ConnectionState.SynReceived:
                return TryWriteHandshakePacket(now, buffer, out transmit);
            case ConnectionState.Connected:
                if (IsRefused)
                {
                    transmit = default;
                    return false;
                }

                if (TryWriteHandshakePacket(now, buffer, out transmit) || TryWriteAsk(now, buffer, out transmit))
                {
                    return true;
                }

                // An urgent acknowledgement goes first when data could not carry it: a gap has to be described, or the data is old.
                return (_acks.IsImmediate && (ReorderedBytes > 0 || _segments.LostCount > 0) && TryWriteState(now, buffer, out transmit))
                    || TryWriteSegments(now, buffer, maxSegments, out transmit)
                    || TryWriteState(now, buffer, out transmit);
            case ConnectionState.Lingering:
                return TryWriteState(now, buffer, out transmit);
            default:
                transmit = default;
                return false;
        }
    }

    private bool TryWriteSegments(Instant now, Span<byte> buffer, int maxSegments, out Transmit transmit)
    {
        var (written, segmentSize, mayFragment, isNew) = (0, 0, false, false);
        var count = 0;
        for (; count < maxSegments && TryChoose(now, out var choice); count++)
        {
            var size = PacketHeader.Size + choice.Padding + choice.Length;
            var fragments = choice.SegmentKind != SegmentKind.MtuProbe && size > SafeDatagramBytes;
            if (fragments && !Remote.IsIPv4)
            {
                // Only this system may cut an IPv6 packet, and Linux does so only with one that is longer than the interface's MTU.
                choice = choice with { Padding = Math.Max(ProbePadding.MinBytes, _pathMtu.AlwaysCutBytes - size) };
                size += choice.Padding;
            }

            if (count > 0 && (size > segmentSize || fragments != mayFragment || (choice.Kind == ChoiceKind.New) != isNew || choice.Padding > 0))
            {
                break;
            }

            if (written + size > buffer.Length || !TrySpendPacing(now, size))
            {
                break;
            }

            WriteSegment(now, choice, buffer.Slice(written, size));
            (segmentSize, mayFragment, isNew) = count == 0 ? (size, fragments, choice.Kind == ChoiceKind.New) : (segmentSize, mayFragment, isNew);
            written += size;
            if (size < segmentSize || choice.Padding > 0)
            {
                count++;
                break;
            }
        }

        // What is sent again leaves unsegmented: where trains vanish, nothing else would ever arrive.
        var isTrain = count > 1 && isNew && !mayFragment && _endpoint.Trains.MaySegment(now);
        if (isTrain)
        {
            _segments.MarkTrain(count);
        }

        transmit = new Transmit(Remote, written, segmentSize, mayFragment, this) { IsUnsegmented = !isTrain };
        return written > 0;
    }

    /// <summary>Datagrams above this size may have to be fragmented on the way: they were made when the path seemed wider.</summary>
    private int SafeDatagramBytes => _timeoutCount > 0 ? _pathMtu.BaseBytes : _pathMtu.CurrentBytes;

    private bool TryChoose(Instant now, out Choice choice)
    {
        if (_segments.TryGetFirstLost(out var number))
        {
            if (TryChooseRetransmission(number, out choice))
            {
                return true;
            }
        }
        else if (TryChooseNew(now, out choice))
        {
            return true;
        }

        // A tail probe prefers new data, which also elicits an acknowledgement. Without any, the oldest segment is sent again, not the newest
        // as RFC 8985 (7.3) has it. Interop: libutp acknowledges a repetition of what it has consumed, but is silent about one of what waits
        // behind a gap.
        number = _segments.First;
        if (!_tailProbeDue || _segments.Count == 0 || _segments[number].State != SegmentState.InFlight)
        {
            choice = default;
            return false;
        }

        ref var oldest = ref _segments[number];
        choice = new Choice(ChoiceKind.TailProbe, oldest.Kind == SegmentKind.MtuProbe ? SegmentKind.Data : oldest.Kind, number, oldest.Length);
        return true;
    }

    private bool TryChooseRetransmission(SequenceNumber number, out Choice choice)
    {
        ref var segment = ref _segments[number];
        choice = new Choice(ChoiceKind.Retransmission, segment.Kind, number, segment.Length);
        if (number - _segments.First >= _reorderLimit.Limit)
        {
            // Sent when the peer was believed to hold more than it does: it would be dropped again if another one were lost before it.
            _isWindowLimited = false;
            return false;
        }

        var flight = _segments.FlightBytes + segment.Length;
        var fits = flight <= _controller.CongestionWindowBytes && flight <= FlightLimitBytes;

        // The head of the line does not wait for the window: a peer that describes few packets behind a gap (libutp: 30) may say nothing about
        // the rest of the flight until the gap is filled. That is one segment per round trip, since it has to be taken for lost again first.
        if (!fits && !_retransmitAtOnce && _segments.HasFlight && number != _segments.First)
        {
            _isWindowLimited = true;
            return false;
        }

        return true;
    }

    private bool TryChooseNew(Instant now, out Choice choice)
    {
        choice = default;
        if (_finSent || _segments.Count >= _reorderLimit.Limit)
        {
            _isWindowLimited = false;
            return false;
        }

        var unsent = _sendBuffer.UnsentBytes;
        if (unsent == 0)
        {
            _isWindowLimited = false;
            choice = new Choice(ChoiceKind.New, SegmentKind.Fin, default, 0);
            return _finRequested;
        }

        if (_windowProbeDue)
        {
            choice = new Choice(ChoiceKind.New, SegmentKind.WindowProbe, default, (int)Math.Min(unsent, Math.Clamp((long)_peerWindowBytes, 1, SegmentBytes)));
            return true;
        }

        var length = (int)Math.Min(unsent, SegmentBytes);
        if (length < SegmentBytes && !_settings.NoDelay && _segments.Count > 0 && !_finRequested)
        {
            return false;
        }

        return HasRoom(now, length) && ChooseSize(now, length, out choice);
    }

    private bool HasRoom(Instant now, int length)
    {
        var flight = _segments.FlightBytes;
        var peerRoom = _peerWindowBytes - flight - _segments.LostBytes;
        if (length > peerRoom)
        {
            _isWindowLimited = false;
            if (_segments.Count == 0 && _windowProbeDeadline.IsNever)
            {
                ScheduleWindowProbe(now);
            }

            return false;
        }

        if (flight > 0 && flight + length > _controller.CongestionWindowBytes)
        {
            _isWindowLimited = true;
            return false;
        }

        if (flight > 0 && flight + length > FlightLimitBytes)
        {
            _isWindowLimited = false;
            return false;
        }

        return true;
    }

    /// <summary>A full segment may grow by padding, to probe the path's MTU, when the window has room for the larger datagram.</summary>
    private bool ChooseSize(Instant now, int length, out Choice choice)
    {
        choice = new Choice(ChoiceKind.New, SegmentKind.Data, default, length);
        var flight = _segments.FlightBytes;
        if (length < SegmentBytes || _inRecovery || _timeoutCount > 0 || flight < 2 * SegmentBytes)
        {
            return true;
        }

        var probe = _pathMtu.NextProbeBytes(now) - PacketHeader.Size;
        if (probe > length && flight + probe <= _controller.CongestionWindowBytes)
        {
            length = Math.Min(length, probe - ProbePadding.MinBytes);
            choice = new Choice(ChoiceKind.New, SegmentKind.MtuProbe, default, length, probe - length);
        }

        return true;
    }

    private bool TrySpendPacing(Instant now, int bytes)
    {
        var mayLeave = _pacer.TrySpend(now, bytes, _controller.PacingBytesPerSecond, out var readyAt);
        _pacingDeadline = mayLeave ? Instant.Never : readyAt;
        _isWindowLimited |= !mayLeave;
        return mayLeave;
    }

    private void WriteSegment(Instant now, in Choice choice, Span<byte> destination)
    {
        var number = choice.Number;
        var payload = destination[(PacketHeader.Size + choice.Padding)..];
        var startsFlight = !_segments.HasFlight;
        if (choice.Kind == ChoiceKind.New)
        {
            number = WriteNew(now, choice.SegmentKind, payload);
        }
        else
        {
            WriteAgain(now, number, payload);
        }

        if (choice.Padding > 0)
        {
            ProbePadding.Write(destination[PacketHeader.Size..^payload.Length]);
            if (choice.SegmentKind == SegmentKind.MtuProbe)
            {
                _pathMtu.OnProbeSent(destination.Length);
            }
        }

        _segmentsSent++;
        _retransmitAtOnce = false;
        _tailProbeDue = false;
        _lastDataSentAt = now;
        if (startsFlight)
        {
            _retransmissionTimerStart = now;
        }

        var type = choice.SegmentKind == SegmentKind.Fin ? PacketType.Fin : PacketType.Data;
        WriteHeader(now, type, number, choice.Padding > 0 ? ProbePadding.FirstType : (byte)0, destination);

        // Interop: libutp ignores the acknowledgement on a number that it has consumed already, so only new data counts as carrying one;
        // and libtorrent takes the acknowledgement of its FIN only from a STATE.
        if (choice.Kind == ChoiceKind.New && ReorderedBytes == 0 && !_peerFinReceived)
        {
            _acks.OnAcknowledgementSent();
        }
    }

    private void WriteAgain(Instant now, SequenceNumber number, Span<byte> payload)
    {
        ref var segment = ref _segments[number];
        if (payload.Length > 0)
        {
            SendBuffer.CopyFrom(segment.Start, payload);
        }

        if (segment.Kind == SegmentKind.MtuProbe)
        {
            // It is sent again without the padding, so its acknowledgement would prove nothing.
            segment.Kind = SegmentKind.Data;
            _pathMtu.OnProbeLost(now);
        }

        if (segment.State == SegmentState.InFlight)
        {
            NoteTrainLost(segment);
        }

        _segments.Retransmit(number, now);
        Mishap.SegmentsRetransmitted++;
    }

    private SequenceNumber WriteNew(Instant now, SegmentKind kind, Span<byte> payload)
    {
        BufferPosition start = default;
        if (payload.Length > 0)
        {
            _sendBuffer.Take(payload, out start);
        }

        var number = _segments.Add(kind, start, payload.Length, now);
        _bytesSent += payload.Length;
        _maxOutstandingCount = (ushort)Math.Max(_maxOutstandingCount, _segments.Count);
        StopConfirming();
        NoteExchange();
        switch (kind)
        {
            case SegmentKind.Fin:
                _finSent = true;
                break;
            case SegmentKind.WindowProbe:
                _windowProbeDue = false;
                break;
        }

        return number;
    }

    /// <summary>
    /// A bare acknowledgement, with a description of the gaps. After our FIN it is sent twice: libutp wants the number after the FIN's,
    /// libtorrent the FIN's own, and each drops the other before it can do harm.
    /// </summary>
    private bool TryWriteState(Instant now, Span<byte> buffer, out Transmit transmit)
    {
        transmit = default;
        if (!_acks.IsImmediate && !_keepAliveDue)
        {
            return false;
        }

        // A keepalive acknowledges one less, but not while a gap is open: then it is an ordinary acknowledgement, which tells the peer what to repeat.
        var hasGap = _reordered is { Count: > 0 } && _readyCount == 0;
        var isKeepAlive = _keepAliveDue && !_acks.IsImmediate;
        var acknowledgementOffset = isKeepAlive && !hasGap ? KeepAliveOffset : 0;

        // The mask is relative to the newest acknowledgement. Beside an older number it would claim the missing segment, which would never come.
        var size = PacketHeader.Size;
        if (hasGap && HarmlessAcknowledgement(_receiveNext - 1) == _receiveNext - 1)
        {
            var mask = _reordered!.WriteMask(_receiveNext, buffer[(PacketHeader.Size + 2)..]);
            buffer[PacketHeader.Size] = 0;
            buffer[PacketHeader.Size + 1] = (byte)mask;
            size += 2 + mask;
        }

        var extension = size > PacketHeader.Size ? ExtensionReader.SelectiveAckType : (byte)0;
        WriteHeader(now, PacketType.State, _segments.Next, extension, buffer, acknowledgementOffset);
        var length = size;
        if (_finSent && buffer.Length >= 2 * size)
        {
            buffer[..size].CopyTo(buffer[size..]);
            WriteHeader(now, PacketType.State, _segments.Next - 1, extension, buffer[size..], acknowledgementOffset);
            length = 2 * size;
        }

        _keepAliveDue = false;
        _acksSent++;
        if (!isKeepAlive)
        {
            _acks.OnAcknowledgementSent();
        }

        transmit = new Transmit(Remote, length, size, AllowFragmentation: false, this) { IsUnsegmented = true };
        return true;
    }

    private void WriteHeader(Instant now, PacketType type, SequenceNumber number, byte extension, Span<byte> destination, int acknowledgementOffset = 0)
    {
        var header = new PacketHeader
        {
            Type = type,
            Extension = extension,
            ConnectionId = _sendId,
            Timestamp = WireTimestamp(now),
            TimestampDifference = _replyDifference,
            WindowBytes = _receiveWindow.Advertise(ReorderedBytes),
            Sequence = number,
            Acknowledgement = HarmlessAcknowledgement(_receiveNext - 1 + acknowledgementOffset),
        };
        header.Write(destination);
        _lastSentAt = now;
    }

    /// <summary>The system refused datagrams as too long for the link: no peer has to be asked, and nothing is congested.</summary>
    internal void HandleMessageTooLong(Instant now, int datagramBytes)
    {
        for (var i = 0; i < _segments.Count; i++)
        {
            var number = _segments.First + i;
            ref var segment = ref _segments[number];
            var bytes = segment.Kind == SegmentKind.MtuProbe ? _pathMtu.OutstandingBytes : segment.Length + PacketHeader.Size;
            if (segment.State == SegmentState.InFlight && bytes >= datagramBytes)
            {
                segment.Kind = segment.Kind == SegmentKind.MtuProbe ? SegmentKind.Data : segment.Kind;
                _segments.MarkLost(number);
            }
        }

        _pathMtu.OnMessageTooLong(datagramBytes, now);
        _controller.OnSegmentSize(WindowUnitBytes);
        _endpoint.Touch(this);
    }

    private readonly record struct Choice(ChoiceKind Kind, SegmentKind SegmentKind, SequenceNumber Number, int Length, int Padding = 0);
}

using Utp.Protocol.Connections.Timers;
using Utp.Protocol.Sending;
using Utp.Protocol.Sockets;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Connections;

// What leaves next, one train at a time: lost segments first, then new data, then a FIN. A train's segments are equal in size but for the last, so
// that the system can cut it. A bare STATE leaves when nothing else has carried the acknowledgement.
internal sealed partial class ConnectionCore
{
    /// <summary>
    /// The longest time for which a receiver is assumed not to read its socket (1 ms), and the unit of
    /// <see cref="SocketSettings.MaxFlightBytesPerMillisecond"/>. On a longer path only a part of the flight arrives in that time.
    /// </summary>
    private const long MicrosPerMillisecond = 1_000;

    /// <summary>Whether the congestion window or the pacer, and nothing else, kept data from leaving when the connection last looked.</summary>
    private bool _isWindowLimited;

    private enum ChoiceKind : byte
    {
        None,
        Retransmission,
        TailProbe,
        New,
    }

    /// <summary>Maximum number of bytes in flight, besides what the congestion window and the peer's receive window allow.</summary>
    private long FlightLimitBytes
    {
        get
        {
            var perMillisecond = _socket.Settings.MaxFlightBytesPerMillisecond;
            return perMillisecond == 0
                ? _settings.MaxFlightBytes
                : Math.Min(_settings.MaxFlightBytes, perMillisecond * Math.Max(MicrosPerMillisecond, _roundTrip.MinMicros) / MicrosPerMillisecond);
        }
    }

    /// <summary>Datagrams above this size may have to be fragmented on the way: they were made when the path seemed wider.</summary>
    private int SafeDatagramBytes => _retransmission.TimeoutCount > 0 ? _pathMtu.BaseBytes : _pathMtu.CurrentBytes;

    /// <summary>Writes the next packets, if any may leave now.</summary>
    internal bool TryWriteTrain(Instant now, Span<byte> buffer, int maxSegments, out Transmit transmit)
    {
        PassReceived(now);
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
                return (_acks.IsImmediate && (_received.HeldBytes > 0 || _segments.LostCount > 0) && TryWriteState(now, buffer, out transmit))
                    || TryWriteSegments(now, buffer, maxSegments, out transmit)
                    || TryWriteState(now, buffer, out transmit);
            case ConnectionState.Lingering:
                return TryWriteState(now, buffer, out transmit);
            default:
                transmit = default;
                return false;
        }
    }

    /// <summary>The system refused datagrams as too long for the link. No peer has to be asked, and nothing is congested.</summary>
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
        _socket.Touch(this);
    }

    private bool TryWriteSegments(Instant now, Span<byte> buffer, int maxSegments, out Transmit transmit)
    {
        var (written, segmentSize, mayFragment, isNew) = (0, 0, false, false);
        var count = 0;
        for (; count < maxSegments && TryChoose(now, out var choice); count++)
        {
            choice = PadFragmented(choice, out var fragments);
            var size = choice.DatagramBytes;
            if (count > 0 && (size > segmentSize || fragments != mayFragment || (choice.Kind == ChoiceKind.New) != isNew || choice.Padding > 0))
            {
                break;
            }

            if (written + size > buffer.Length || !HasRateFor(choice, now) || !TrySpendPacing(now, size))
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

        // Retransmissions leave as single datagrams: where trains vanish, nothing else would ever arrive.
        var isTrain = count > 1 && isNew && !mayFragment && _socket.Trains.MaySegment(now);
        if (isTrain)
        {
            _segments.MarkTrain(count);
        }

        transmit = new Transmit(Remote, written, segmentSize, mayFragment, this) { IsUnsegmented = !isTrain };
        return written > 0;
    }

    /// <summary>Tells whether a segment may have to be fragmented, and makes it long enough for that.</summary>
    private Choice PadFragmented(in Choice choice, out bool fragments)
    {
        fragments = choice.SegmentKind != SegmentKind.MtuProbe && choice.DatagramBytes > SafeDatagramBytes;

        // Only this system may cut an IPv6 packet, and Linux does so only with one that is longer than the interface's MTU.
        return fragments && !Remote.IsIPv4
            ? choice with { Padding = Math.Max(ProbePadding.MinBytes, _pathMtu.AlwaysCutBytes - choice.DatagramBytes) }
            : choice;
    }

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
        if (!_retransmission.IsTailProbeDue || _segments.Count == 0 || _segments[number].State != SegmentState.InFlight)
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
            // It was sent when the peer was believed to hold more than it does. The peer would drop it again if another one were lost before it.
            _isWindowLimited = false;
            return false;
        }

        var flight = _segments.FlightBytes + segment.Length;
        var fits = flight <= _controller.CongestionWindowBytes && flight <= FlightLimitBytes;

        // The head of the line does not wait for the window: a peer that describes few packets behind a gap (libutp: 30) may say nothing about
        // the rest of the flight until the gap is filled. That is one segment per round trip, since it has to be marked lost again first.
        if (!fits && !_losses.RetransmitsAtOnce && _segments.HasFlight && number != _segments.First)
        {
            _isWindowLimited = true;
            return false;
        }

        return true;
    }

    private bool TryChooseNew(Instant now, out Choice choice)
    {
        choice = default;
        if (_ends.IsFinSent || _segments.Count >= _reorderLimit.Limit)
        {
            _isWindowLimited = false;
            return false;
        }

        var unsent = _sendBuffer.UnsentBytes;
        if (unsent == 0)
        {
            _isWindowLimited = false;
            choice = new Choice(ChoiceKind.New, SegmentKind.Fin, default, 0);
            return _ends.IsFinRequested;
        }

        if (_windowProbe.IsDue)
        {
            choice = new Choice(ChoiceKind.New, SegmentKind.WindowProbe, default, (int)Math.Min(unsent, Math.Clamp((long)_peerWindowBytes, 1, SegmentBytes)));
            return true;
        }

        var length = (int)Math.Min(unsent, SegmentBytes);
        if (length < SegmentBytes && !_settings.NoDelay && _segments.Count > 0 && !_ends.IsFinRequested)
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
            if (_segments.Count == 0 && !_deadlines.IsSet(ConnectionTimer.WindowProbe))
            {
                _deadlines.Set(ConnectionTimer.WindowProbe, _windowProbe.Schedule(now));
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

    /// <summary>Lets a full segment grow by padding, to probe the path's MTU, when the window has room for the larger datagram.</summary>
    private bool ChooseSize(Instant now, int length, out Choice choice)
    {
        choice = new Choice(ChoiceKind.New, SegmentKind.Data, default, length);
        var flight = _segments.FlightBytes;
        if (length < SegmentBytes || _losses.IsInRecovery || _retransmission.TimeoutCount > 0 || flight < 2 * SegmentBytes)
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
        _deadlines.Set(ConnectionTimer.Pacing, mayLeave ? Instant.Never : readyAt);
        _isWindowLimited |= !mayLeave;
        return mayLeave;
    }

    private readonly record struct Choice(ChoiceKind Kind, SegmentKind SegmentKind, SequenceNumber Number, int Length, int Padding = 0)
    {
        public int DatagramBytes => PacketHeader.Size + Padding + Length;
    }
}

using Utp.Protocol.Congestion;
using Utp.Protocol.Sending;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Connections;

// What the peer has received. Loss is inferred by time in the manner of RACK (RFC 8985): a segment is lost when one sent after it has been
// acknowledged and a quarter of the smallest round trip has passed beyond the round trip itself. That tolerates reordering, and it notices when
// a retransmission is lost. Each segment in flight is judged once per transmission, so a hole is filled once.
internal sealed partial class ConnectionCore
{
    /// <summary>A floor for the reordering tolerance: below it timers cannot tell the difference.</summary>
    private const long MinReorderToleranceMicros = 1_000;

    /// <summary>Each spurious retransmission widens the tolerance by a quarter of the smallest round trip, up to so many (RFC 8985, 7.1).</summary>
    private const int MaxReorderSteps = 16;

    /// <summary>The segment whose transmission is the latest among those acknowledged, and its round trip.</summary>
    private Instant _rackSentAt;
    private SequenceNumber _rackSequence;
    private int _rackRoundTripMicros;
    private Instant _reorderDeadline = Instant.Never;
    private int _reorderSteps = 1;

    /// <summary>
    /// The last number of which the peer has told us whether it holds it. libutp describes 30 packets behind a gap and keeps more: silence
    /// about a packet beyond the mask is no sign of loss.
    /// </summary>
    private SequenceNumber _knownUpTo;

    /// <summary>Segments from here on were sent after the last cut of the congestion window.</summary>
    private SequenceNumber _recoveryPoint;
    private bool _inRecovery;

    /// <summary>Everything in flight was taken for lost at once: that a part of it had arrived proves nothing about the cut.</summary>
    private bool _lostByTimeout;

    private ushort _maxOutstandingCount;

    private long ReorderToleranceMicros => Math.Max(MinReorderToleranceMicros, Math.Min(_roundTrip.SmoothedMicros, _roundTrip.MinMicros / 4 * _reorderSteps));

    private void HandleAcknowledgement(Instant now, in PacketView packet)
    {
        var acknowledgement = packet.Header.Acknowledgement;
        if (acknowledgement - _segments.First >= -1)
        {
            UpdatePeerWindow(packet.Header.WindowBytes);
        }

        if (_segments.Count == 0)
        {
            return;
        }

        var flightBefore = _segments.FlightBytes;
        var outcome = new AcknowledgementOutcome
        {
            AnsweredTimestamp = AnsweredTimestamp(packet.Header),
            TimestampRoundTripMicros = TimestampRoundTrip(now, packet.Header),
        };
        var oldest = _segments.First;
        var (wasSentAgain, oldestSentAt) = (_segments[oldest].TransmissionCount > 1, _segments[oldest].SentAt);
        while (_segments.Count > 0 && (_segments.First <= acknowledgement || _segments[_segments.First].State == SegmentState.Acknowledged))
        {
            // A selective acknowledgement is final: a cumulative one that ends just below it takes it along.
            TakeFirst(now, ref outcome);
        }

        if (packet.HasSelectiveAck)
        {
            HandleSelectiveAck(now, acknowledgement, packet.SelectiveAck, ref outcome);
        }

        if (outcome.SegmentCount == 0)
        {
            return;
        }

        NoteKnowledge(packet);
        if (wasSentAgain && _segments.First != oldest && _reorderLimit.OnGapFilled(oldest, oldestSentAt, _segments))
        {
            // Everything outstanding that is missing was refused by the peer, not lost on the way: no reason to slow down.
            _inRecovery = true;
            _recoveryPoint = _segments.Next;
        }

        NoteProgress(now, flightBefore, outcome, packet.Header.TimestampDifference);
        DetectLosses(now, flightBefore);
        ForgiveLostTrains();
        if (outcome.CumulativeBytes > 0)
        {
            Raise(ConnectionEvents.Acknowledged);
        }
    }

    private void NoteKnowledge(in PacketView packet)
    {
        if (packet.HasSelectiveAck)
        {
            _knownUpTo = packet.Header.Acknowledgement + 1 + (packet.SelectiveAck.Length * 8);
        }
        else if (packet.Header.Type == PacketType.State)
        {
            _knownUpTo = _segments.Next;
        }
        else if (_knownUpTo < packet.Header.Acknowledgement)
        {
            // Only STATEs describe gaps; the absence of a mask on DATA says nothing.
            _knownUpTo = packet.Header.Acknowledgement;
        }
    }

    private void TakeFirst(Instant now, ref AcknowledgementOutcome outcome)
    {
        var number = _segments.First;
        if (_segments[number].State != SegmentState.Acknowledged)
        {
            NoteAcknowledged(now, number, ref _segments[number], ref outcome);
        }

        _segments.RemoveFirst(out var segment);
        _sendBuffer.Acknowledge(segment.Length);
        outcome.CumulativeBytes += segment.Length;
        if (segment.Kind == SegmentKind.Fin)
        {
            _finAcknowledged = true;
            Raise(ConnectionEvents.Finished);
        }
    }

    private void HandleSelectiveAck(Instant now, SequenceNumber acknowledgement, ReadOnlySpan<byte> mask, ref AcknowledgementOutcome outcome)
    {
        var first = acknowledgement + 2;
        var bits = Math.Min(mask.Length * 8, _segments.Next - first);
        for (var bit = 0; bit < bits; bit++)
        {
            if (mask[bit >> 3] == 0)
            {
                bit |= 7;
                continue;
            }

            var number = first + bit;
            if (!SelectiveAck.IsSet(mask, bit) || !_segments.Contains(number) || _segments[number].State == SegmentState.Acknowledged)
            {
                continue;
            }

            // The first outstanding segment is missing by definition; a mask that says otherwise belongs to an older acknowledgement.
            if (number == _segments.First)
            {
                continue;
            }

            NoteAcknowledged(now, number, ref _segments[number], ref outcome);
            _segments.MarkAcknowledged(number);
        }
    }

    private void NoteAcknowledged(Instant now, SequenceNumber number, ref Segment segment, ref AcknowledgementOutcome outcome)
    {
        outcome.SegmentCount++;
        outcome.Bytes += segment.Length;
        NoteArrived(now, segment, outcome.TimestampRoundTripMicros);
        var roundTrip = now - segment.SentAt;
        if (segment.State == SegmentState.Lost)
        {
            // It had arrived after all; the retransmission is saved, the cut was not needed.
            outcome.LostButArrived |= !_lostByTimeout;
        }
        else if (segment.TransmissionCount > 1 && roundTrip < SmallestRoundTrip(outcome.TimestampRoundTripMicros))
        {
            // Too soon for an answer to the latest transmission: an earlier one had arrived.
            Mishap.SpuriousRetransmissions++;
            outcome.LostButArrived = true;
            _reorderSteps = Math.Min(MaxReorderSteps, _reorderSteps + 1);
            return;
        }
        else if (segment.TransmissionCount > 1 && IsOlder(outcome.AnsweredTimestamp, WireTimestamp(segment.SentAt)))
        {
            // The peer had not received the latest transmission when it wrote this. What was sent before it may still be on the way.
            Mishap.SpuriousRetransmissions++;
            return;
        }

        // Karn's rule, for an acknowledgement as a whole: what fills a gap also acknowledges what had waited behind it, whose time is that of the
        // gap and not of the path. So the segment sent last tells the round trip, and a retransmission tells none.
        var isFirstTransmission = segment.TransmissionCount == 1;
        if (segment.SentAt > outcome.NewestSentAt || (segment.SentAt == outcome.NewestSentAt && isFirstTransmission))
        {
            outcome.NewestSentAt = segment.SentAt;
            outcome.RoundTripMicros = isFirstTransmission ? Math.Max(1, roundTrip) : 0;
        }

        if (segment.SentAt > _rackSentAt || (segment.SentAt == _rackSentAt && number > _rackSequence))
        {
            _rackSentAt = segment.SentAt;
            _rackSequence = number;
            _rackRoundTripMicros = (int)Math.Min(roundTrip, int.MaxValue);
        }

        if (segment.Kind == SegmentKind.MtuProbe)
        {
            _pathMtu.OnProbeAcknowledged(now);
            _controller.OnSegmentSize(WindowUnitBytes);
        }
    }

    /// <summary>
    /// Gets the timestamp, on this side's clock, of the packet that the peer had received last when it sent this one, or a later time if the
    /// peer delayed its answer. It tells the transmissions of a segment apart, as TCP's timestamps do (RFC 8985, 6.2, step 2).
    /// </summary>
    /// <returns>Zero if the peer sent no timestamps.</returns>
    private static uint AnsweredTimestamp(in PacketHeader header) =>
        header.Timestamp == 0 || header.TimestampDifference is 0 or NoDifference ? 0 : Math.Max(1, unchecked(header.Timestamp - header.TimestampDifference));

    private static bool IsOlder(uint answeredTimestamp, uint timestamp) => answeredTimestamp != 0 && unchecked((int)(answeredTimestamp - timestamp)) < 0;

    private void NoteProgress(Instant now, long flightBefore, in AcknowledgementOutcome outcome, uint timestampDifference)
    {
        NoteExchange();
        if (_mishaps is { } mishaps)
        {
            mishaps.RefusedSince = now;
        }

        _timeoutCount = 0;
        _retransmissionTimerStart = now;
        _tailProbeSent = false;
        _tailProbeDue = false;
        _windowProbeCount = 0;
        var roundTrip = outcome.RoundTripMicros > 0 ? outcome.RoundTripMicros : outcome.TimestampRoundTripMicros;
        if (roundTrip > 0)
        {
            _roundTrip.AddSample(roundTrip);
        }

        if (_inRecovery && _segments.First >= _recoveryPoint)
        {
            _inRecovery = false;
            _lostByTimeout = false;
        }

        if (outcome.LostButArrived)
        {
            _controller.OnSpuriousLoss(now);
        }

        if (timestampDifference is not 0 and not NoDifference)
        {
            _controller.OnDelaySample(now, timestampDifference);
        }

        _controller.OnAcknowledged(new AcknowledgementSample
        {
            Now = now,
            AcknowledgedBytes = outcome.Bytes,
            FlightBytes = flightBefore,
            RoundTripMicros = outcome.RoundTripMicros,
            SmoothedRoundTripMicros = _roundTrip.SmoothedMicros,
            MinRoundTripMicros = _roundTrip.MinMicros,
            IsWindowLimited = _isWindowLimited,
            IsInRecovery = _inRecovery,
        });
    }

    /// <summary>Takes for lost what was sent long enough before the latest transmission known to have arrived.</summary>
    private void DetectLosses(Instant now, long flightBefore)
    {
        _reorderDeadline = Instant.Never;
        for (int slot = _segments.OldestInFlight, next; slot >= 0; slot = next)
        {
            ref var segment = ref _segments.AtSlot(slot);
            next = segment.Next;
            var number = _segments.NumberOf(slot);
            if (segment.SentAt > _rackSentAt || (segment.SentAt == _rackSentAt && number >= _rackSequence))
            {
                return;
            }

            if (number > _knownUpTo)
            {
                continue;
            }

            var lostAt = segment.SentAt + _rackRoundTripMicros + ReorderToleranceMicros;
            if (now < lostAt)
            {
                _reorderDeadline = lostAt;
                return;
            }

            TakeForLost(now, number, ref segment, flightBefore);
        }
    }

    private void TakeForLost(Instant now, SequenceNumber number, ref Segment segment, long flightBefore)
    {
        var kind = segment.Kind;
        _segments.MarkLost(number);
        if (kind == SegmentKind.MtuProbe)
        {
            // Probe loss is not congestion. From here on the segment is ordinary data, sent again without the padding.
            segment.Kind = SegmentKind.Data;
            _pathMtu.OnProbeLost(now);
            return;
        }

        if (kind == SegmentKind.WindowProbe)
        {
            return;
        }

        NoteTrainLost(segment);
        Mishap.SegmentsLost++;
        _tracer?.SegmentLost(now, number, segment.Length);
        if (_inRecovery && number < _recoveryPoint)
        {
            return;
        }

        EnterRecovery();
        _controller.OnLoss(now, flightBefore);
        Mishap.CongestionEvents++;
    }

    private void EnterRecovery()
    {
        _inRecovery = true;
        _recoveryPoint = _segments.Next;

        // The first retransmission leaves even though the cut window is full.
        _retransmitAtOnce = true;
    }

    private void UpdatePeerWindow(uint windowBytes)
    {
        var wasClosed = _peerWindowBytes < SegmentBytes;
        _peerWindowBytes = windowBytes;
        _reorderLimit.OnPeerWindow(windowBytes);
        if (!wasClosed || windowBytes < SegmentBytes)
        {
            return;
        }

        _windowProbeDeadline = Instant.Never;
        _windowProbeCount = 0;
        if (_segments.Count > 0 && _segments[_segments.First] is { Kind: SegmentKind.WindowProbe, State: SegmentState.InFlight })
        {
            // The probe met a closed window and was dropped there; do not wait for its timeout now that there is room.
            _segments.MarkLost(_segments.First);
        }
    }

    private struct AcknowledgementOutcome
    {
        /// <summary>The result of <see cref="ConnectionCore.AnsweredTimestamp"/> for the packet.</summary>
        public uint AnsweredTimestamp;
        public int SegmentCount;
        public long Bytes;
        public long CumulativeBytes;

        /// <summary>The latest transmission among those acknowledged, and its round trip; zero if that is ambiguous.</summary>
        public Instant NewestSentAt;
        public long RoundTripMicros;

        /// <summary>The round trip by timestamps, for acknowledgements that are ambiguous; zero if the packet tells none.</summary>
        public long TimestampRoundTripMicros;
        public bool LostButArrived;
    }
}

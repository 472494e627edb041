using Utp.Protocol.Congestion;
using Utp.Protocol.Connections.Timers;
using Utp.Protocol.Sending;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Connections;

// Acknowledgements that arrive: what the peer has received, and what that tells about the path. ConnectionCore.AcksSent.cs has those that leave.
internal sealed partial class ConnectionCore
{
    private uint _peerWindowBytes;

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
        var oldest = _segments.First;
        var (wasSentAgain, oldestSentAt) = (_segments[oldest].TransmissionCount > 1, _segments[oldest].SentAt);
        var outcome = TakeAcknowledged(now, packet);
        if (outcome.SegmentCount == 0)
        {
            return;
        }

        _losses.OnKnowledge(packet, _segments.Next);
        if (wasSentAgain && _segments.First != oldest && _reorderLimit.OnGapFilled(oldest, oldestSentAt, _segments))
        {
            // The peer refused everything outstanding that is missing. It was not lost on the way, so there is no reason to slow down.
            _losses.ExcuseOutstanding(_segments.Next);
        }

        HandleOutcome(now, flightBefore, outcome, packet.Header.TimestampDifference);
    }

    private void HandleOutcome(Instant now, long flightBefore, in AcknowledgementOutcome outcome, uint timestampDifference)
    {
        HandleProgress(now, flightBefore, outcome, timestampDifference);
        DetectLosses(now, flightBefore);
        if (outcome.TrainsAreBroken)
        {
            ForgiveLostTrains();
        }

        if (outcome.CumulativeBytes > 0)
        {
            Raise(ConnectionEvents.Acknowledged);
        }
    }

    /// <summary>Takes what the packet acknowledges out of the segments, first cumulatively, then selectively.</summary>
    private AcknowledgementOutcome TakeAcknowledged(Instant now, in PacketView packet)
    {
        var acknowledgement = packet.Header.Acknowledgement;
        var outcome = new AcknowledgementOutcome
        {
            AnsweredTimestamp = TimestampExchange.Answered(packet.Header),
            TimestampRoundTripMicros = _timestamps.RoundTripMicros(packet.Header, now - CreatedAt),
        };
        while (_segments.Count > 0 && (_segments.First <= acknowledgement || _segments[_segments.First].State == SegmentState.Acknowledged))
        {
            // A selective acknowledgement is final: a cumulative one that ends just below it takes it along.
            TakeFirst(now, ref outcome);
        }

        if (packet.HasSelectiveAck)
        {
            HandleSelectiveAck(now, acknowledgement, packet.SelectiveAck, ref outcome);
        }

        return outcome;
    }

    private void TakeFirst(Instant now, ref AcknowledgementOutcome outcome)
    {
        var number = _segments.First;
        if (_segments[number].State != SegmentState.Acknowledged)
        {
            HandleAcknowledgedSegment(now, number, ref _segments[number], ref outcome);
        }

        _segments.RemoveFirst(out var segment);
        _sendBuffer.Acknowledge(segment.Length);
        outcome.CumulativeBytes += segment.Length;
        if (segment.Kind == SegmentKind.Fin)
        {
            _ends.OnFinAcknowledged();
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

            HandleAcknowledgedSegment(now, number, ref _segments[number], ref outcome);
            _segments.MarkAcknowledged(number);
        }
    }

    private void HandleAcknowledgedSegment(Instant now, SequenceNumber number, ref Segment segment, ref AcknowledgementOutcome outcome)
    {
        outcome.SegmentCount++;
        outcome.Bytes += segment.Length;
        ReportArrival(now, segment, ref outcome);
        var roundTrip = now - segment.SentAt;
        if (segment.State == SegmentState.Lost)
        {
            // It had arrived after all. The retransmission is saved, and the cut was not needed.
            outcome.LostButArrived |= !_losses.IsAfterTimeout;
        }
        else if (segment.TransmissionCount > 1 && AnswersEarlierTransmission(segment, roundTrip, ref outcome))
        {
            EnsureMishaps().SpuriousRetransmissions++;
            return;
        }

        // Karn's rule is applied to an acknowledgement as a whole. What fills a gap also acknowledges what had waited behind it, whose time is that of
        // the gap and not of the path. So the segment sent last tells the round trip, and a retransmission tells none.
        var isFirstTransmission = segment.TransmissionCount == 1;
        if (segment.SentAt > outcome.NewestSentAt || (segment.SentAt == outcome.NewestSentAt && isFirstTransmission))
        {
            outcome.NewestSentAt = segment.SentAt;
            outcome.RoundTripMicros = isFirstTransmission ? Math.Max(1, roundTrip) : 0;
        }

        _losses.OnAcknowledged(number, segment.SentAt, roundTrip);
        if (segment.Kind == SegmentKind.MtuProbe)
        {
            _pathMtu.OnProbeAcknowledged(now);
            _controller.OnSegmentSize(WindowUnitBytes);
        }
    }

    /// <summary>Whether an acknowledgement of a segment in flight, which was sent more than once, answers an earlier transmission than the latest.</summary>
    private bool AnswersEarlierTransmission(in Segment segment, long roundTripMicros, ref AcknowledgementOutcome outcome)
    {
        if (roundTripMicros < SmallestRoundTrip(outcome.TimestampRoundTripMicros))
        {
            // It came too soon for an answer to the latest transmission: an earlier one had arrived.
            outcome.LostButArrived = true;
            _losses.OnSpuriousRetransmission();
            return true;
        }

        // The peer may not have received the latest transmission when it wrote this. What was sent before it may then still be on the way.
        return TimestampExchange.IsOlder(outcome.AnsweredTimestamp, segment.SentAt);
    }

    /// <summary>Gets the smallest round trip, corrected by the one that the packet at hand tells.</summary>
    private long SmallestRoundTrip(long timestampRoundTripMicros) =>
        timestampRoundTripMicros > 0 ? Math.Min(_roundTrip.MinMicros, timestampRoundTripMicros) : _roundTrip.MinMicros;

    private void HandleProgress(Instant now, long flightBefore, in AcknowledgementOutcome outcome, uint timestampDifference)
    {
        _liveness.OnExchange();
        _mishaps?.Refusal.OnProgress(now);
        _retransmission.OnProgress(now);
        _windowProbe.Reset();
        var roundTrip = outcome.RoundTripMicros > 0 ? outcome.RoundTripMicros : outcome.TimestampRoundTripMicros;
        if (roundTrip > 0)
        {
            _roundTrip.AddSample(roundTrip);
        }

        _losses.OnProgress(_segments.First);
        if (outcome.LostButArrived)
        {
            _controller.OnSpuriousLoss(now);
        }

        if (TimestampExchange.IsMeasured(timestampDifference))
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
            IsInRecovery = _losses.IsInRecovery,
        });
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

        _deadlines.Clear(ConnectionTimer.WindowProbe);
        _windowProbe.Reset();
        if (_segments.Count > 0 && _segments[_segments.First] is { Kind: SegmentKind.WindowProbe, State: SegmentState.InFlight })
        {
            // The probe met a closed window and was dropped there. There is room now, so it does not wait for its timeout.
            _segments.MarkLost(_segments.First);
        }
    }
}

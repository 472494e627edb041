using Utp.Protocol.Connections.Timers;
using Utp.Protocol.Sending;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Connections;

// What is marked lost, and what that means: LossDetection judges single segments, this part acts on its verdicts. Each segment in flight is judged
// once per transmission, so a hole is filled once.
internal sealed partial class ConnectionCore
{
    /// <summary>The system refused to cut the train that was written last: it left as single datagrams.</summary>
    internal void HandleTrainRefused() => _segments.UnmarkTrain();

    /// <summary>Marks lost what was sent long enough before the latest transmission known to have arrived.</summary>
    private void DetectLosses(Instant now, long flightBefore)
    {
        _deadlines.Clear(ConnectionTimer.Reorder);
        for (int slot = _segments.OldestInFlight, next; slot >= 0; slot = next)
        {
            ref var segment = ref _segments.AtSlot(slot);
            next = segment.Next;
            var number = _segments.NumberOf(slot);
            switch (_losses.Judge(now, number, segment, _roundTrip, out var lostAt))
            {
                case LossVerdict.OnItsWay:
                    return;
                case LossVerdict.Late:
                    _deadlines.Set(ConnectionTimer.Reorder, lostAt);
                    return;
                case LossVerdict.Lost:
                    MarkLost(now, number, ref segment, flightBefore);
                    break;
            }
        }
    }

    private void MarkLost(Instant now, SequenceNumber number, ref Segment segment, long flightBefore)
    {
        var kind = segment.Kind;
        _segments.MarkLost(number);
        if (kind == SegmentKind.MtuProbe)
        {
            HandleProbeLost(now, ref segment);
            return;
        }

        if (kind == SegmentKind.WindowProbe)
        {
            return;
        }

        ReportLoss(segment);
        EnsureMishaps().SegmentsLost++;
        _tracer?.SegmentLost(now, number, segment.Length);
        _controller.OnSegmentLost(now);
        if (_losses.IsAnswered(number))
        {
            return;
        }

        _losses.EnterRecovery(_segments.Next);
        _controller.OnLoss(now, flightBefore);
        EnsureMishaps().CongestionEvents++;
    }

    /// <summary>Marks everything in flight lost. Returns the size of the largest datagram among it that was not a probe.</summary>
    private int MarkFlightLost(Instant now)
    {
        var largestBytes = 0;
        while (_segments.HasFlight)
        {
            var number = _segments.NumberOf(_segments.OldestInFlight);
            ref var segment = ref _segments[number];
            var bytes = segment.Length + PacketHeader.Size;
            if (segment.Kind == SegmentKind.MtuProbe)
            {
                HandleProbeLost(now, ref segment);
            }
            else
            {
                ReportLoss(segment);
                EnsureMishaps().SegmentsLost++;
                largestBytes = Math.Max(largestBytes, bytes);
            }

            _segments.MarkLost(number);
        }

        return largestBytes;
    }

    /// <summary>
    /// An MTU probe is lost, or proves nothing any more. Its loss is no sign of congestion. From here on the segment is ordinary data, which is sent
    /// again without the padding.
    /// </summary>
    private void HandleProbeLost(Instant now, ref Segment segment)
    {
        segment.Kind = SegmentKind.Data;
        _pathMtu.OnProbeLost(now);
    }

    /// <summary>Tells the socket's watch of trains that a segment of a train, or one that left alone, has arrived.</summary>
    private void ReportArrival(Instant now, in Segment segment, ref AcknowledgementOutcome outcome)
    {
        if (segment.Train != TrainPosition.None && segment.TransmissionCount == 1)
        {
            _socket.Trains.OnTrainArrived(segment.SentAt);
        }
        else if (segment.TransmissionCount == 1
            || now - segment.SentAt >= (outcome.TimestampRoundTripMicros > 0 ? outcome.TimestampRoundTripMicros : _roundTrip.MinMicros))
        {
            // An acknowledgement that comes sooner may answer the train.
            outcome.TrainsAreBroken |= _socket.Trains.OnSingleArrived(now, segment.SentAt);
        }
    }

    private void ReportLoss(in Segment segment)
    {
        if (segment.Train == TrainPosition.Last && segment.TransmissionCount == 1)
        {
            _socket.Trains.OnTrainLost(segment.SentAt);
        }
    }

    /// <summary>The losses were no sign of congestion: the connection begins again, with a slow start.</summary>
    private void ForgiveLostTrains()
    {
        StartController();
        _losses.LeaveRecovery();
    }
}

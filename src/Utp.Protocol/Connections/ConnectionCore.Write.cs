using Utp.Protocol.Sending;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Connections;

// How segments and headers look on the wire. ConnectionCore.AcksSent.cs writes the bare acknowledgements.
internal sealed partial class ConnectionCore
{
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

        CountAgainstRate(now, choice);
        _counters.OnSegmentSent();
        _losses.OnSegmentSent();
        _retransmission.OnSegmentSent(now, startsFlight);
        var type = choice.SegmentKind == SegmentKind.Fin ? PacketType.Fin : PacketType.Data;
        WriteHeader(now, type, number, choice.Padding > 0 ? ProbePadding.FirstType : (byte)0, destination);

        // Interop: libutp ignores the acknowledgement on a number that it has consumed already, so only new data counts as carrying one;
        // and libtorrent takes the acknowledgement of its FIN only from a STATE.
        if (choice.Kind == ChoiceKind.New && _received.HeldBytes == 0 && !_ends.IsPeerFinReceived)
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
            HandleProbeLost(now, ref segment);
        }

        if (segment.State == SegmentState.InFlight)
        {
            ReportLoss(segment);
        }

        _segments.Retransmit(number, now);
        EnsureMishaps().SegmentsRetransmitted++;
    }

    private SequenceNumber WriteNew(Instant now, SegmentKind kind, Span<byte> payload)
    {
        BufferPosition start = default;
        if (payload.Length > 0)
        {
            _sendBuffer.Take(payload, out start);
        }

        var number = _segments.Add(kind, start, payload.Length, now);
        _counters.OnNewBytesSent(payload.Length);
        StopConfirming();
        _liveness.OnExchange();
        switch (kind)
        {
            case SegmentKind.Fin:
                _ends.OnFinSent();
                break;
            case SegmentKind.WindowProbe:
                _windowProbe.OnSent();
                break;
        }

        return number;
    }

    private void WriteHeader(Instant now, PacketType type, SequenceNumber number, byte extension, Span<byte> destination, int acknowledgementOffset = 0)
    {
        var header = new PacketHeader
        {
            Type = type,
            Extension = extension,
            ConnectionId = _handshake.SendId,
            Timestamp = TimestampExchange.OnWire(now),
            TimestampDifference = _timestamps.ReplyDifference,
            WindowBytes = _receiveWindow.Advertise(_received.HeldBytes),
            Sequence = number,
            Acknowledgement = HarmlessAcknowledgement(_received.Acknowledgement + acknowledgementOffset),
        };
        header.Write(destination);
        _liveness.OnSent(now);
    }
}

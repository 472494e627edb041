using Utp.Protocol.Congestion;
using Utp.Protocol.Sending;
using Utp.Protocol.Time;

namespace Utp.Protocol.Connections;

// What became of trains, for the endpoint's watch.
internal sealed partial class ConnectionCore
{
    private bool _lostTrainsWereNoCongestion;

    private void NoteArrived(Instant now, in Segment segment, long timestampRoundTripMicros)
    {
        if (segment.Train != TrainPosition.None && segment.TransmissionCount == 1)
        {
            _endpoint.Trains.OnTrainArrived(segment.SentAt);
        }
        else if (segment.TransmissionCount == 1
            || now - segment.SentAt >= (timestampRoundTripMicros > 0 ? timestampRoundTripMicros : _roundTrip.MinMicros))
        {
            // An acknowledgement that comes sooner may answer the train.
            _lostTrainsWereNoCongestion |= _endpoint.Trains.OnSingleArrived(now, segment.SentAt);
        }
    }

    /// <summary>The train that was written last has left as single datagrams after all.</summary>
    internal void HandleTrainRefused() => _segments.UnmarkTrain();

    /// <summary>The losses that were taken for congestion were none: the connection begins again, with a slow start.</summary>
    private void ForgiveLostTrains()
    {
        if (_lostTrainsWereNoCongestion)
        {
            _lostTrainsWereNoCongestion = false;
            _controller = CongestionControllers.Create(_settings, WindowUnitBytes);
            _inRecovery = false;
        }
    }

    private void NoteTrainLost(in Segment segment)
    {
        if (segment.Train == TrainPosition.Last && segment.TransmissionCount == 1)
        {
            _endpoint.Trains.OnTrainLost(segment.SentAt);
        }
    }
}

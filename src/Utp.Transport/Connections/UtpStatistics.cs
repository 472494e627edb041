using Utp.Protocol;

namespace Utp.Transport;

/// <summary>From the core's units to those of the public API.</summary>
internal static class UtpStatistics
{
    public static UtpConnectionStatistics From(in ConnectionStatistics statistics) => new()
    {
        RoundTripTime = TimeSpan.FromMicroseconds(statistics.SmoothedRoundTripMicros),
        MinimumRoundTripTime = TimeSpan.FromMicroseconds(statistics.MinRoundTripMicros),
        QueueingDelay = TimeSpan.FromMicroseconds(statistics.QueueingDelayMicros),
        CongestionWindow = statistics.CongestionWindowBytes,
        FlightSize = statistics.FlightBytes,
        PeerReceiveWindow = statistics.PeerWindowBytes,
        PathMtu = statistics.PathMtuBytes,
        BytesSent = statistics.BytesSent,
        BytesAcknowledged = statistics.BytesAcknowledged,
        BytesReceived = statistics.BytesReceived,
        SegmentsSent = statistics.SegmentsSent,
        SegmentsRetransmitted = statistics.SegmentsRetransmitted,
        SegmentsReceived = statistics.SegmentsReceived,
        Timeouts = statistics.Timeouts,
    };
}

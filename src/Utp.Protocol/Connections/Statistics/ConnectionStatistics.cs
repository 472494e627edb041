namespace Utp.Protocol.Connections.Statistics;

/// <summary>A snapshot of one connection's measurements and counters.</summary>
internal readonly record struct ConnectionStatistics
{
    public long SmoothedRoundTripMicros { get; init; }

    public long MinRoundTripMicros { get; init; }

    public long RetransmissionTimeoutMicros { get; init; }

    public long CongestionWindowBytes { get; init; }

    public long FlightBytes { get; init; }

    public long PeerWindowBytes { get; init; }

    public long QueueingDelayMicros { get; init; }

    public long BaseDelayMicros { get; init; }

    /// <summary>The largest UDP payload known to pass.</summary>
    public int PathMtuBytes { get; init; }

    /// <summary>Payload bytes sent for the first time.</summary>
    public long BytesSent { get; init; }

    public long BytesAcknowledged { get; init; }

    /// <summary>Payload bytes delivered in order.</summary>
    public long BytesReceived { get; init; }

    public long SegmentsSent { get; init; }

    public long SegmentsRetransmitted { get; init; }

    /// <summary>Retransmissions that the peer turned out not to have needed.</summary>
    public long SpuriousRetransmissions { get; init; }

    public long SegmentsReceived { get; init; }

    public long DuplicateSegmentsReceived { get; init; }

    /// <summary>Segments marked lost; path MTU probes are not among them.</summary>
    public long SegmentsLost { get; init; }

    public long Timeouts { get; init; }

    /// <summary>The number of times that the congestion window was cut.</summary>
    public long CongestionEvents { get; init; }

    public long AcksSent { get; init; }
}

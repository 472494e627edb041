namespace Utp.Transport;

/// <summary>Measurements and counters of one connection.</summary>
public readonly record struct UtpConnectionStatistics
{
    /// <summary>Gets the smoothed round trip (RFC 6298); zero before the first measurement.</summary>
    public TimeSpan RoundTripTime { get; init; }

    /// <summary>Gets the smallest round trip seen.</summary>
    public TimeSpan MinimumRoundTripTime { get; init; }

    /// <summary>Gets how long packets wait in queues on the way to the peer, as LEDBAT measures it.</summary>
    public TimeSpan QueueingDelay { get; init; }

    /// <summary>Gets the congestion window in bytes.</summary>
    public long CongestionWindowBytes { get; init; }

    /// <summary>Gets the bytes sent and not yet acknowledged.</summary>
    public long FlightBytes { get; init; }

    /// <summary>Gets the receive window last announced by the peer, in bytes.</summary>
    public long PeerReceiveWindowBytes { get; init; }

    /// <summary>Gets the largest UDP payload known to pass, in bytes.</summary>
    public int PathMtuBytes { get; init; }

    /// <summary>Gets the payload bytes sent, without retransmissions.</summary>
    public long BytesSent { get; init; }

    /// <summary>Gets the payload bytes that the peer has acknowledged.</summary>
    public long BytesAcknowledged { get; init; }

    /// <summary>Gets the payload bytes received in order.</summary>
    public long BytesReceived { get; init; }

    /// <summary>Gets the data packets sent, retransmissions included.</summary>
    public long SegmentsSent { get; init; }

    /// <summary>Gets the data packets sent again.</summary>
    public long SegmentsRetransmitted { get; init; }

    /// <summary>Gets the data packets received, duplicates included.</summary>
    public long SegmentsReceived { get; init; }

    /// <summary>Gets how often a retransmission timeout fired.</summary>
    public long RetransmissionTimeouts { get; init; }
}

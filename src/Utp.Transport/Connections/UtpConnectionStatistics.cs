namespace Utp.Transport;

/// <summary>Measurements and counters of one connection.</summary>
public readonly record struct UtpConnectionStatistics
{
    /// <summary>Gets the smoothed round-trip time (RFC 6298); zero before the first measurement.</summary>
    public TimeSpan RoundTripTime { get; init; }

    /// <summary>Gets the shortest round-trip time measured; zero before the first measurement.</summary>
    public TimeSpan MinimumRoundTripTime { get; init; }

    /// <summary>Gets the queueing delay on the way to the peer, as LEDBAT measures it.</summary>
    public TimeSpan QueueingDelay { get; init; }

    /// <summary>Gets the congestion window in bytes.</summary>
    public long CongestionWindowBytes { get; init; }

    /// <summary>Gets the number of bytes in flight: sent and not yet acknowledged.</summary>
    public long FlightBytes { get; init; }

    /// <summary>Gets the receive window that the peer has last announced, in bytes.</summary>
    public long PeerReceiveWindowBytes { get; init; }

    /// <summary>Gets the largest UDP payload that is known to reach the peer, in bytes.</summary>
    public int PathMtuBytes { get; init; }

    /// <summary>Gets the number of payload bytes sent, without retransmissions.</summary>
    public long BytesSent { get; init; }

    /// <summary>Gets the number of payload bytes that the peer has acknowledged.</summary>
    public long BytesAcknowledged { get; init; }

    /// <summary>Gets the number of payload bytes received in order.</summary>
    public long BytesReceived { get; init; }

    /// <summary>Gets the number of data packets sent, retransmissions included.</summary>
    public long SegmentsSent { get; init; }

    /// <summary>Gets the number of data packets retransmitted.</summary>
    public long SegmentsRetransmitted { get; init; }

    /// <summary>Gets the number of data packets received, duplicates included.</summary>
    public long SegmentsReceived { get; init; }

    /// <summary>Gets the number of retransmission timeouts.</summary>
    public long RetransmissionTimeouts { get; init; }
}

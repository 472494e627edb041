using Utp.Transport.Diagnostics;

namespace Utp.Transport;

/// <summary>The totals of a <see cref="UtpSocket"/> since it was bound. They include connections that have ended.</summary>
public readonly record struct UtpSocketStatistics
{
    /// <summary>Gets the number of connections that the application has now: <see cref="UtpSocket.ConnectionCount"/>.</summary>
    public int ConnectionCount { get; init; }

    /// <summary>Gets the number of established connections that now wait to be accepted.</summary>
    public int AcceptQueueLength { get; init; }

    /// <summary>Gets the number of uTP packets received, those included that were rejected.</summary>
    public long PacketsReceived { get; init; }

    /// <summary>Gets the number of uTP packets sent.</summary>
    public long PacketsSent { get; init; }

    /// <summary>Gets the number of uTP packets that were malformed, implausible, or for a connection that does not exist.</summary>
    public long PacketsRejected { get; init; }

    /// <summary>Gets the number of payload bytes received in order.</summary>
    public long BytesReceived { get; init; }

    /// <summary>Gets the number of payload bytes sent, without retransmissions.</summary>
    public long BytesSent { get; init; }

    /// <summary>Gets the number of data packets retransmitted.</summary>
    public long SegmentsRetransmitted { get; init; }

    /// <summary>Gets the number of retransmission timeouts.</summary>
    public long RetransmissionTimeouts { get; init; }

    /// <summary>Gets the number of connection requests that <see cref="UtpEngineOptions.AcceptFilter"/> has refused.</summary>
    public long RequestsRefusedByFilter { get; init; }

    /// <summary>
    /// Gets the number of connection requests that were dropped for a limit: of connections, of the accept backlog or of unconfirmed requests.
    /// </summary>
    public long RequestsDroppedForLimits { get; init; }

    /// <summary>Gets the number of non-uTP datagrams received that the handler gets.</summary>
    public long NonUtpDatagramsReceived { get; init; }

    /// <summary>Gets the number of non-uTP datagrams received that no handler took, or that came faster than it works.</summary>
    public long NonUtpDatagramsDropped { get; init; }

    /// <summary>Gets the number of non-uTP datagrams sent. Packets with which a rendezvous opens a NAT count here too.</summary>
    public long NonUtpDatagramsSent { get; init; }

    internal static UtpSocketStatistics From(in UtpTransportCounters counters, int connectionCount) => new()
    {
        ConnectionCount = connectionCount,
        AcceptQueueLength = counters.AcceptQueueLength,
        PacketsReceived = counters.PacketsReceived - counters.NonUtpReceived - counters.PacketsNotUtp,
        PacketsSent = counters.PacketsSent,
        PacketsRejected = counters.PacketsRejected,
        BytesReceived = counters.BytesReceived,
        BytesSent = counters.BytesSent,
        SegmentsRetransmitted = counters.SegmentsRetransmitted,
        RetransmissionTimeouts = counters.RetransmissionTimeouts,
        RequestsRefusedByFilter = counters.SynsRefusedByFilter,
        RequestsDroppedForLimits = counters.SynsDroppedOverLimit + counters.SynsDroppedBacklog + counters.SynsDroppedHalfOpen + counters.SynsDroppedPerAddress,
        NonUtpDatagramsReceived = counters.NonUtpReceived,
        NonUtpDatagramsDropped = counters.PacketsNotUtp,
        NonUtpDatagramsSent = counters.NonUtpSent,
    };
}

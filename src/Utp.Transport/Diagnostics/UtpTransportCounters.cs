namespace Utp.Transport.Diagnostics;

/// <summary>
/// Totals since the process started, over all UDP sockets and connections, including ended ones, so that no total ever falls. The engine keeps them;
/// <see cref="UtpMetrics"/> reads them when a listener collects, never per packet.
/// </summary>
internal readonly record struct UtpTransportCounters
{
    public long PacketsReceived { get; init; }

    public long PacketsSent { get; init; }

    /// <summary>Number of datagrams that were not uTP and that no handler of non-uTP datagrams took.</summary>
    public long PacketsNotUtp { get; init; }

    /// <summary>Number of datagrams that were not uTP and that the handler of non-uTP datagrams takes.</summary>
    public long NonUtpReceived { get; init; }

    /// <summary>Number of datagrams sent for the application that were not uTP.</summary>
    public long NonUtpSent { get; init; }

    /// <summary>Number of packets that were malformed, implausible, or for a connection that does not exist.</summary>
    public long PacketsRejected { get; init; }

    /// <summary>Number of datagrams dropped because there was no memory.</summary>
    public long PacketsDroppedForMemory { get; init; }

    /// <summary>Payload bytes received in order.</summary>
    public long BytesReceived { get; init; }

    /// <summary>Payload bytes sent for the first time.</summary>
    public long BytesSent { get; init; }

    public long SegmentsRetransmitted { get; init; }

    public long RetransmissionTimeouts { get; init; }

    public long SynsDroppedBacklog { get; init; }

    public long SynsDroppedHalfOpen { get; init; }

    public long SynsDroppedPerAddress { get; init; }

    public long SynsRefusedByFilter { get; init; }

    /// <summary>Number of requests beyond the listener's maximum of connections: dropped SYNs, and requests that were confirmed too late.</summary>
    public long SynsDroppedOverLimit { get; init; }

    public long ResetsReceived { get; init; }

    public long ResetsSent { get; init; }

    /// <summary>Number of records missing in the trace file, because its queue or the disk was full.</summary>
    public long TraceRecordsDropped { get; init; }

    /// <summary>Number of established connections that now wait to be accepted; the only value here that falls.</summary>
    public int AcceptQueueLength { get; init; }
}

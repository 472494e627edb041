namespace Utp.Transport.Diagnostics;

/// <summary>
/// Totals since the process started, over all UDP sockets and connections, ended ones included, so that no total ever falls. The engine
/// keeps them; <see cref="UtpMetrics"/> reads them when a listener collects, and never per packet.
/// </summary>
internal readonly record struct UtpTransportCounters
{
    public long PacketsReceived { get; init; }

    public long PacketsSent { get; init; }

    /// <summary>Datagrams that were neither uTP nor taken by a handler of non-uTP datagrams.</summary>
    public long PacketsNotUtp { get; init; }

    /// <summary>Malformed, implausible, or for a connection that does not exist.</summary>
    public long PacketsRejected { get; init; }

    /// <summary>Datagrams that there was no memory for.</summary>
    public long PacketsDroppedForMemory { get; init; }

    /// <summary>Payload received in order.</summary>
    public long BytesReceived { get; init; }

    /// <summary>Payload sent for the first time.</summary>
    public long BytesSent { get; init; }

    public long SegmentsRetransmitted { get; init; }

    public long RetransmissionTimeouts { get; init; }

    public long SynsDroppedBacklog { get; init; }

    public long SynsDroppedHalfOpen { get; init; }

    public long SynsDroppedPerAddress { get; init; }

    public long ResetsReceived { get; init; }

    public long ResetsSent { get; init; }

    /// <summary>Records that are missing in the trace file: its queue was full, or the disk.</summary>
    public long TraceRecordsDropped { get; init; }

    /// <summary>Established connections that wait to be accepted now; the only value here that falls.</summary>
    public int AcceptQueueLength { get; init; }
}

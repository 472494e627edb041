using Utp.Protocol.Addresses;
using Utp.Protocol.Connections;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;
using Utp.Transport;

namespace Utp.Protocol.Tracing;

internal enum TraceEvent : byte
{
    /// <summary>The connection is established.</summary>
    Opened,

    /// <summary>A sample of all measurements and counters.</summary>
    Metrics,

    /// <summary>The controller went from <see cref="TraceRecord.PreviousPhase"/> to <see cref="TraceRecord.Phase"/>.</summary>
    PhaseChanged,

    /// <summary>One segment was taken for lost, other than by a timeout.</summary>
    SegmentLost,

    /// <summary>A retransmission timeout: everything in flight was taken for lost.</summary>
    TimedOut,

    /// <summary>The connection ended, for <see cref="TraceRecord.CloseReason"/>. The last record of its connection.</summary>
    Closed,
}

/// <summary>What happened on a connection, with what was true of it then. Which of the properties have a value depends on the event.</summary>
internal readonly record struct TraceRecord
{
    public required TraceEvent Event { get; init; }

    /// <summary>Never falls from one record of a connection to the next.</summary>
    public required Instant Time { get; init; }

    public required string ConnectionId { get; init; }

    public PeerAddress Remote { get; init; }

    /// <summary>True when this side sent the SYN.</summary>
    public bool IsInitiator { get; init; }

    public UtpCongestionControl Algorithm { get; init; }

    public ConnectionStatistics Statistics { get; init; }

    public long LatestRoundTripMicros { get; init; }

    /// <summary>Round trip of the empty path, as far as the controller knows it.</summary>
    public long BaseRoundTripMicros { get; init; }

    /// <summary>Queueing delay that the controller steers to; zero when it does not steer by delay.</summary>
    public long TargetDelayMicros { get; init; }

    /// <summary>Zero while sending is not paced.</summary>
    public long PacingBytesPerSecond { get; init; }

    /// <summary>Payload sent, retransmissions excepted, over the last full sampling interval.</summary>
    public long SendBytesPerSecond { get; init; }

    /// <summary>Payload that the peer acknowledged, over the last full sampling interval.</summary>
    public long DeliveryBytesPerSecond { get; init; }

    public string Phase { get; init; }

    public string PreviousPhase { get; init; }

    /// <summary>The number of a lost segment.</summary>
    public SequenceNumber Sequence { get; init; }

    /// <summary>Segments taken for lost.</summary>
    public int LostCount { get; init; }

    /// <summary>Payload of the segments taken for lost.</summary>
    public long LostBytes { get; init; }

    public UtpCloseReason CloseReason { get; init; }
}

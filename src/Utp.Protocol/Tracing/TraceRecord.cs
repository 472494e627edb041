using Utp.Protocol.Addresses;
using Utp.Protocol.Connections.Statistics;
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

    /// <summary>The controller changed from <see cref="TraceRecord.PreviousPhase"/> to <see cref="TraceRecord.Phase"/>.</summary>
    PhaseChanged,

    /// <summary>One segment was marked lost, other than by a timeout.</summary>
    SegmentLost,

    /// <summary>A retransmission timeout marked everything in flight lost.</summary>
    TimedOut,

    /// <summary>The connection ended, for <see cref="TraceRecord.CloseReason"/>. This is the last record of a connection.</summary>
    Closed,
}

/// <summary>An event of a connection, with the state at that time. The event determines which properties have a value.</summary>
internal readonly record struct TraceRecord
{
    public required TraceEvent Event { get; init; }

    /// <summary>The time of the event, which never falls from one record of a connection to the next.</summary>
    public required Instant Time { get; init; }

    public required string ConnectionId { get; init; }

    public PeerAddress Remote { get; init; }

    /// <summary>True when this side sent the SYN.</summary>
    public bool IsInitiator { get; init; }

    public UtpCongestionControl Algorithm { get; init; }

    public ConnectionStatistics Statistics { get; init; }

    public long LatestRoundTripMicros { get; init; }

    /// <summary>Round trip of the empty path, as the controller estimates it.</summary>
    public long BaseRoundTripMicros { get; init; }

    /// <summary>Queueing delay that the controller aims at; zero when it does not react to delay.</summary>
    public long TargetDelayMicros { get; init; }

    /// <summary>Pacing rate; zero while sending is not paced.</summary>
    public long PacingBytesPerSecond { get; init; }

    /// <summary>Rate of the payload sent, without retransmissions, over the last full sampling interval.</summary>
    public long SendBytesPerSecond { get; init; }

    /// <summary>Rate of the payload that the peer acknowledged, over the last full sampling interval.</summary>
    public long DeliveryBytesPerSecond { get; init; }

    public string Phase { get; init; }

    public string PreviousPhase { get; init; }

    /// <summary>The sequence number of a lost segment.</summary>
    public SequenceNumber Sequence { get; init; }

    /// <summary>Number of segments marked lost.</summary>
    public int LostCount { get; init; }

    /// <summary>Payload of the segments marked lost.</summary>
    public long LostBytes { get; init; }

    public UtpCloseReason CloseReason { get; init; }
}

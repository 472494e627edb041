using Utp.Protocol.Time;

namespace Utp.Protocol.Connections.Failures;

/// <summary>Counters and state that only a connection needs to which something has gone wrong. Most connections never allocate one.</summary>
internal sealed class Mishaps
{
    public long SegmentsRetransmitted;
    public long SpuriousRetransmissions;
    public long DuplicateSegmentsReceived;
    public long SegmentsLost;
    public long Timeouts;
    public long CongestionEvents;

    /// <summary>The time since which retransmissions have brought no progress.</summary>
    public Instant StalledSince;

    public SendRefusal Refusal;

    /// <summary>Null until a SYN arrives for the established connection.</summary>
    public SynDoubt? Doubt;
}

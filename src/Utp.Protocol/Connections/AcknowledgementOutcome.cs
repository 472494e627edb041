using Utp.Protocol.Time;

namespace Utp.Protocol.Connections;

/// <summary>What one packet acknowledges, and what that tells about the path.</summary>
internal struct AcknowledgementOutcome
{
    /// <summary>The result of <see cref="TimestampExchange.Answered"/> for the packet.</summary>
    public uint AnsweredTimestamp;
    public int SegmentCount;
    public long Bytes;
    public long CumulativeBytes;

    /// <summary>The latest transmission among those acknowledged, and its round trip; zero if that is ambiguous.</summary>
    public Instant NewestSentAt;
    public long RoundTripMicros;

    /// <summary>The round trip by timestamps, for acknowledgements that are ambiguous; zero if the packet tells none.</summary>
    public long TimestampRoundTripMicros;

    /// <summary>Whether a segment that was marked lost, and for which the congestion window was cut, had arrived.</summary>
    public bool LostButArrived;

    /// <summary>Whether trains were lost because segmentation offload is broken: their losses were no sign of congestion.</summary>
    public bool TrainsAreBroken;
}

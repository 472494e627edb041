using Utp.Protocol.Time;

namespace Utp.Protocol.Sending;

/// <summary>A numbered piece of the stream. Its boundaries never change: uTP numbers packets, and the first copy may yet arrive.</summary>
internal struct Segment
{
    public BufferPosition Start;

    /// <summary>The time of the latest transmission.</summary>
    public Instant SentAt;

    /// <summary>Payload bytes; 0 for a FIN.</summary>
    public int Length;

    /// <summary>Neighbours in the list of segments in flight, oldest transmission first; -1 at the ends.</summary>
    public int Previous;
    public int Next;

    public SegmentState State;
    public SegmentKind Kind;

    /// <summary>The number of times it was sent; saturates.</summary>
    public byte TransmissionCount;

    /// <summary>How it left the first time.</summary>
    public TrainPosition Train;
}

/// <summary>How a segment left the first time.</summary>
internal enum TrainPosition : byte
{
    /// <summary>It left alone, or as one of several messages.</summary>
    None,

    /// <summary>It left in a train that the system had to cut.</summary>
    Inside,

    /// <summary>It was the last of such a train.</summary>
    Last,
}

internal enum SegmentState : byte
{
    /// <summary>Sent, and neither acknowledged nor marked lost.</summary>
    InFlight,

    /// <summary>Marked lost; waits to be sent again.</summary>
    Lost,

    /// <summary>Acknowledged selectively; waits for the cumulative acknowledgement to pass it.</summary>
    Acknowledged,
}

internal enum SegmentKind : byte
{
    Data,

    /// <summary>
    /// Sent in a datagram that padding makes larger than any that is known to pass. Its loss says something about the path's MTU, and nothing about
    /// congestion.
    /// </summary>
    MtuProbe,

    /// <summary>Sent into a closed window to learn whether it has opened.</summary>
    WindowProbe,

    Fin,
}

using Utp.Protocol.Addresses;
using Utp.Protocol.Connections;

namespace Utp.Protocol.Sockets;

/// <summary>
/// One train of datagrams for one peer: <see cref="Length"/> bytes in the caller's buffer, cut every <see cref="SegmentSize"/> bytes; the
/// last may be shorter.
/// </summary>
internal readonly record struct Transmit(PeerAddress Remote, int Length, int SegmentSize, bool AllowFragmentation, ConnectionCore? Connection)
{
    /// <summary>The source address of the train; <c>default</c> leaves the choice to the system.</summary>
    public LocalAddress Local { get; init; }

    /// <summary>
    /// Whether the system must get the datagrams one by one, and not as a train to cut. Retransmissions leave this way, and so does everything where
    /// trains were seen to vanish.
    /// </summary>
    public bool IsUnsegmented { get; init; }

    public int SegmentCount => SegmentSize == 0 ? 0 : (Length + SegmentSize - 1) / SegmentSize;
}

using Utp.Protocol.Connections;

namespace Utp.Protocol.Sockets;

internal enum DatagramDisposition : byte
{
    /// <summary>Belongs to a connection, or was a uTP packet answered by the endpoint itself.</summary>
    Accepted,

    /// <summary>Not a uTP packet: a candidate for the non-uTP datagram handler. Never answered.</summary>
    NotUtp,

    /// <summary>uTP in form, and dropped: malformed, stale, over a limit or for nobody. Counted.</summary>
    Dropped,
}

/// <summary>
/// What a datagram brought. In-order payload is not copied by the core: it is the slice
/// [<see cref="PayloadOffset"/>, +<see cref="PayloadLength"/>) of the datagram just handled and must be taken before the buffer is reused,
/// followed by what <see cref="ConnectionCore.TryTakeReordered"/> yields.
/// </summary>
internal readonly record struct DatagramResult(DatagramDisposition Disposition, ConnectionCore? Connection, int PayloadOffset, int PayloadLength)
{
    public static DatagramResult NotUtp => new(DatagramDisposition.NotUtp, null, 0, 0);

    public static DatagramResult Dropped => new(DatagramDisposition.Dropped, null, 0, 0);

    public static DatagramResult Answered => new(DatagramDisposition.Accepted, null, 0, 0);
}

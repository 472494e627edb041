using Utp.Protocol.Connections;

namespace Utp.Protocol.Sockets;

/// <summary>What the core did with a datagram.</summary>
internal enum DatagramDisposition : byte
{
    /// <summary>The datagram belongs to a connection, or is a uTP packet that the socket answered itself.</summary>
    Accepted,

    /// <summary>The datagram is no uTP packet. The driver may hand it to the handler of non-uTP datagrams. The core never answers it.</summary>
    NotUtp,

    /// <summary>The datagram looks like uTP and was dropped: it is malformed, stale, over a limit or for no connection. A counter tells which.</summary>
    Dropped,
}

/// <summary>
/// What a datagram brought. The core does not copy payload that is in order: it is the slice
/// [<see cref="PayloadOffset"/>, +<see cref="PayloadLength"/>) of the datagram just handled and must be taken before the buffer is reused,
/// followed by what <see cref="ConnectionCore.TryTakeReordered"/> yields.
/// </summary>
internal readonly record struct DatagramResult(DatagramDisposition Disposition, ConnectionCore? Connection, int PayloadOffset, int PayloadLength)
{
    public static DatagramResult NotUtp => new(DatagramDisposition.NotUtp, null, 0, 0);

    public static DatagramResult Dropped => new(DatagramDisposition.Dropped, null, 0, 0);

    /// <summary>The socket answered the packet itself.</summary>
    public static DatagramResult Accepted => new(DatagramDisposition.Accepted, null, 0, 0);
}

using Utp.Protocol.Sockets;

namespace Utp.Protocol.Connections;

/// <summary>The events of a connection since they were last polled.</summary>
[Flags]
internal enum ConnectionEvents
{
    None = 0,

    /// <summary>An outbound connection is established.</summary>
    Connected = 1,

    /// <summary>An inbound connection is confirmed by its peer. Counts against the backlog until <see cref="SocketCore.ReleaseBacklog"/>.</summary>
    Accepted = 2,

    /// <summary><see cref="ConnectionCore.AcknowledgedBytes"/> grew: bytes at the front of the send buffer can be released.</summary>
    Acknowledged = 4,

    /// <summary>The peer's FIN was reached: all its bytes were delivered, and no more will come.</summary>
    PeerFinished = 8,

    /// <summary>The peer acknowledged everything that this side sent, its FIN included.</summary>
    Finished = 16,

    /// <summary>The connection ended; see <see cref="ConnectionCore.CloseReason"/>. Raised once.</summary>
    Closed = 32,

    /// <summary>The core has forgotten the connection. The last event.</summary>
    Released = 64,
}

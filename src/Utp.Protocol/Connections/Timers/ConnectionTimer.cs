using Utp.Protocol.Sending;

namespace Utp.Protocol.Connections.Timers;

/// <summary>The timers of a connection, in the order in which they fire when several are due at the same time.</summary>
internal enum ConnectionTimer : byte
{
    /// <summary>No SYN was answered within the connect timeout: the connection fails.</summary>
    ConnectTimeout,

    /// <summary>The latest SYN was not answered: the next one leaves.</summary>
    Syn,

    /// <summary>The peer did not confirm a half-open connection: the socket forgets it.</summary>
    HalfOpen,

    /// <summary>A closed connection stops trying to deliver its last bytes, or a lingering one is forgotten.</summary>
    Linger,

    /// <summary>Nothing was received for the idle timeout: the connection fails.</summary>
    Idle,

    /// <summary>The system refused to send: the next attempt is made.</summary>
    Refusal,

    /// <summary>Nothing in flight was acknowledged for the retransmission timeout: everything in flight is marked lost.</summary>
    Retransmission,

    /// <summary>No acknowledgement arrived when one was expected: one segment is sent to elicit one.</summary>
    TailProbe,

    /// <summary>A segment that may only have been reordered has had time to arrive: it is marked lost.</summary>
    Reorder,

    /// <summary>The peer's window has been closed for some time: a small segment asks whether it has opened.</summary>
    WindowProbe,

    /// <summary>The pacer has credit for the next datagram.</summary>
    Pacing,

    /// <summary>A rate limit lets payload pass: it leaves, or the receive window opens for it.</summary>
    Rate,

    /// <summary>Nothing was sent for the keepalive interval: a keepalive leaves.</summary>
    KeepAlive,

    /// <summary>The peer has been silent for a large part of the idle timeout: it is asked for an answer.</summary>
    Ask,

    /// <summary>A SYN came for this connection: the peer is asked again, or the doubt ends.</summary>
    Doubt,

    /// <summary>The receive window opened, and no data has come since: the window is announced again.</summary>
    WindowUpdate,

    /// <summary>A delayed acknowledgement leaves.</summary>
    Acknowledgement,

    /// <summary>The acceptor may not have received the last packet of the handshake: it is sent again.</summary>
    Confirmation,
}

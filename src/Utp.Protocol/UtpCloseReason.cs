namespace Utp.Transport;

/// <summary>Specifies why a connection ended. The first reason is kept.</summary>
public enum UtpCloseReason
{
    /// <summary>The connection is still open.</summary>
    None = 0,

    /// <summary>Both sides finished, or this side closed and the peer acknowledged everything.</summary>
    Graceful,

    /// <summary>This side aborted and sent a RESET to the peer.</summary>
    LocalAbort,

    /// <summary>The peer sent a RESET.</summary>
    PeerReset,

    /// <summary>The peer refused the connection request with a RESET, or its host reported that no socket has the port.</summary>
    Refused,

    /// <summary>The peer did not answer the connection request within the connect timeout.</summary>
    ConnectTimeout,

    /// <summary>The peer stopped acknowledging data, and retransmissions timed out.</summary>
    RetransmissionTimeout,

    /// <summary>Nothing arrived from the peer for the idle timeout.</summary>
    IdleTimeout,

    /// <summary>This side closed, but the peer did not acknowledge the last bytes within the linger timeout. They may not have arrived.</summary>
    LingerTimeout,

    /// <summary>The host of the peer, or the path to it, reported that it cannot be reached.</summary>
    Unreachable,
}

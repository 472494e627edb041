namespace Utp.Transport;

/// <summary>Why a connection ended. The first reason wins.</summary>
public enum UtpCloseReason
{
    /// <summary>The connection is still open.</summary>
    None = 0,

    /// <summary>Both sides finished, or this side closed and the peer acknowledged everything.</summary>
    Graceful,

    /// <summary>This side aborted: the peer was sent a RESET.</summary>
    LocalAbort,

    /// <summary>The peer sent a RESET.</summary>
    PeerReset,

    /// <summary>The peer answered the connection request with a RESET, or its host reported that nobody has the port: nobody listens there.</summary>
    Refused,

    /// <summary>No answer to the connection request within the connect timeout.</summary>
    ConnectTimeout,

    /// <summary>The peer stopped acknowledging data; retransmissions were given up.</summary>
    RetransmissionTimeout,

    /// <summary>Nothing was received from the peer for the idle timeout.</summary>
    IdleTimeout,

    /// <summary>This side closed, but the peer did not acknowledge the last bytes within the linger timeout. They may not have arrived.</summary>
    LingerTimeout,

    /// <summary>The host of the peer, or the path to it, reported that it cannot be reached.</summary>
    Unreachable,
}

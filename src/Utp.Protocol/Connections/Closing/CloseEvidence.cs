using Utp.Transport;

namespace Utp.Protocol.Connections.Closing;

/// <summary>How it became known that the peer has ended a connection (<see cref="UtpCloseReason.PeerReset"/>).</summary>
internal enum CloseEvidence : byte
{
    /// <summary>The peer sent a RESET, or the reason is another one.</summary>
    None = 0,

    /// <summary>The peer's host reported that no socket has the port.</summary>
    PortUnreachable,

    /// <summary>Another process connects from the peer's port with the same connection id, and the peer does not answer any more.</summary>
    PeerRestarted,
}

namespace Utp.Protocol.Connections;

internal enum ConnectionState : byte
{
    /// <summary>We sent a SYN and wait for the SYN-ACK.</summary>
    SynSent,

    /// <summary>We answered a SYN; no data may leave before the peer has confirmed that it is where it says.</summary>
    SynReceived,

    Connected,

    /// <summary>Done; kept for a moment to acknowledge a FIN that the peer repeats because our acknowledgement was lost.</summary>
    Lingering,

    /// <summary>Out of every table.</summary>
    Released,
}

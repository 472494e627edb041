using Utp.Protocol.Connections.Closing;

namespace Utp.Protocol.Connections;

/// <summary>The states of a connection, in the order in which it goes through them; it may skip some.</summary>
internal enum ConnectionState : byte
{
    /// <summary>This side sent a SYN and waits for the SYN-ACK.</summary>
    SynSent,

    /// <summary>This side answered a SYN. No data may leave before the peer has confirmed its address.</summary>
    SynReceived,

    /// <summary>Both directions are open, or end one after the other: <see cref="StreamEnds"/>.</summary>
    Connected,

    /// <summary>The connection is done. It is kept to acknowledge a FIN that the peer repeats because the acknowledgement was lost.</summary>
    Lingering,

    /// <summary>The connection is in no table any more.</summary>
    Released,
}

namespace Utp.Transport.Connections.Ending;

/// <summary>What becomes of the connection's reference to its UDP socket, which keeps the socket open.</summary>
internal enum SocketTie : byte
{
    /// <summary>The connection has it.</summary>
    Held,

    /// <summary>The socket has taken it over, until the core forgets the connection.</summary>
    Lent,

    /// <summary>It has been given back.</summary>
    Released,
}

using System.Net;

namespace Utp.Transport;

/// <summary>
/// Sends datagrams that are not uTP from a socket that the engine has open, for protocols that share a port with uTP. It is a service; without a
/// container, <see cref="UtpSocket"/> is one.
/// </summary>
public interface INonUtpDatagramSender
{
    /// <summary>Sends one datagram, as unreliably as UDP does. It never waits.</summary>
    /// <param name="local">
    /// The address to send from: the local endpoint of a listener, or the one that <see cref="INonUtpDatagramHandler.OnDatagram"/> was given. For a
    /// socket bound to all addresses, use its wildcard ([::]:port, and 0.0.0.0:port too if it takes IPv4) to let the system choose the source
    /// address, or any address of this host with its port to send from that address. If the host does not have the address, or the system cannot
    /// send from a chosen address (Linux can), the system chooses.
    /// </param>
    /// <param name="remote">The destination.</param>
    /// <param name="datagram">
    /// The bytes, at most 65,507. The first byte must not be 0x01, 0x11, 0x21, 0x31 or 0x41, because the peer would read the datagram as uTP.
    /// </param>
    /// <returns>
    /// False when no socket has that local endpoint, when it cannot reach the destination's address family, or when 256 datagrams already wait for the
    /// same shard to send them from it.
    /// </returns>
    bool TrySend(IPEndPoint local, IPEndPoint remote, ReadOnlySpan<byte> datagram);
}

using System.Net;

namespace Utp.Transport;

/// <summary>Sends datagrams that are not uTP from a socket that the engine has open, for protocols that share a port with uTP.</summary>
public interface INonUtpDatagramSender
{
    /// <summary>Sends one datagram, as unreliably as UDP does. Never waits.</summary>
    /// <param name="local">
    /// Where the datagram leaves from: the local endpoint of a listener, or what <see cref="INonUtpDatagramHandler.OnDatagram"/> was given. A socket
    /// bound to all addresses is found by its wildcard ([::]:port, and 0.0.0.0:port too if it takes IPv4), and then the system chooses the source
    /// address; or by any address of this host with its port, and then the datagram leaves from that address. If the host does not have the
    /// address, or the system cannot send from a chosen address (Linux can), the system chooses.
    /// </param>
    /// <param name="remote">Where to.</param>
    /// <param name="datagram">
    /// The bytes, at most 65,507. Keep the first byte off 0x01, 0x11, 0x21, 0x31 and 0x41, which the peer would take for uTP.
    /// </param>
    /// <returns>False when no socket has that local endpoint, or 256 datagrams already wait to be sent from it, by the same shard.</returns>
    bool TrySend(IPEndPoint local, IPEndPoint remote, ReadOnlySpan<byte> datagram);
}

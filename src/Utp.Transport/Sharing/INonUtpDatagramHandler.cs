using System.Net;

namespace Utp.Transport;

/// <summary>
/// Receives the datagrams of a uTP socket that are not uTP packets, so that another protocol (a DHT, a tracker, STUN) can share the port. Register
/// an implementation as a service, or set <see cref="UtpSocket.NonUtpDatagramHandler"/>; without one the engine counts and drops such datagrams. The
/// engine never answers them.
/// </summary>
public interface INonUtpDatagramHandler
{
    /// <summary>
    /// Handles one datagram. The engine calls it on a thread pool thread, with one datagram at a time for each local endpoint, and keeps the order
    /// of the datagrams of one sender. During a call at most 256 further datagrams wait; more are dropped, and connections are not delayed. An
    /// exception is logged and swallowed.
    /// </summary>
    /// <param name="local">
    /// The address that the datagram was sent to, with the port of the socket. Pass it to <see cref="INonUtpDatagramSender.TrySend"/> to answer from
    /// it. An IPv4 address is never in mapped form. For a socket bound to all addresses of the host it is the wildcard where the system does not
    /// report the address.
    /// </param>
    /// <param name="remote">The sender, as claimed by the datagram: it may be forged.</param>
    /// <param name="datagram">The bytes, which are valid only during the call.</param>
    void OnDatagram(IPEndPoint local, IPEndPoint remote, ReadOnlySpan<byte> datagram);
}

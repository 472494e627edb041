using System.Net;

namespace Utp.Transport;

/// <summary>
/// Receives the datagrams of a uTP socket that are not uTP packets, so that another protocol (a DHT, a tracker, STUN) can share the port.
/// Register one as a service; without one such datagrams are counted and dropped. The engine never answers them.
/// </summary>
public interface INonUtpDatagramHandler
{
    /// <summary>
    /// Handles one datagram. Called on a thread pool thread, one datagram at a time for each local endpoint, those of one sender in the order of arrival. While a call
    /// lasts, at most 256 further datagrams wait; more are dropped, and connections are not held up. An exception is logged and swallowed.
    /// </summary>
    /// <param name="local">
    /// The address that the datagram was sent to, with the port of the socket: what <see cref="INonUtpDatagramSender.TrySend"/> takes to answer from it.
    /// An IPv4 address is never in mapped form. For a socket bound to all addresses of the host it is the wildcard where the system does not tell.
    /// </param>
    /// <param name="remote">The sender, as claimed by the datagram: it may be forged.</param>
    /// <param name="datagram">The bytes, valid during the call.</param>
    void OnDatagram(IPEndPoint local, IPEndPoint remote, ReadOnlySpan<byte> datagram);
}

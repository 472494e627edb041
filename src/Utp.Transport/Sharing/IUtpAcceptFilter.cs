using System.Net;

namespace Utp.Transport;

/// <summary>
/// Decides by address which connection requests a listener answers. Register an implementation as a service, or set
/// <see cref="UtpEngineOptions.AcceptFilter"/>; without one every request is answered.
/// </summary>
public interface IUtpAcceptFilter
{
    /// <summary>
    /// Returns whether to answer a connection request. The listener asks before it allocates anything for the request. A refused request is counted
    /// and dropped without an answer, so that a stranger does not learn that anything listens.
    /// </summary>
    /// <remarks>
    /// The receive thread of the UDP socket calls it, once for each request and each repetition, and with several shards several threads at once. It
    /// must return at once: while it runs, the socket receives nothing. An exception refuses the request; the first one of a socket is logged.
    /// Connections that are established already, and connects of this side, are not asked about.
    /// </remarks>
    /// <param name="local">The local endpoint of the listener.</param>
    /// <param name="remote">The sender of the request, as claimed by the datagram: it may be forged.</param>
    /// <returns>False to drop the request.</returns>
    bool Accepts(IPEndPoint local, IPEndPoint remote);
}

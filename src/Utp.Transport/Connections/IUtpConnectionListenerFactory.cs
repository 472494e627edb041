using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Utp.Transport;

/// <summary>
/// Binds uTP listeners, for programs that accept connections themselves. Kestrel and <c>AddListener</c> do not need it. It binds
/// <see cref="UtpEndPoint"/> and <see cref="IPEndPoint"/>, and the listener's <c>EndPoint</c> is of the same type. A class that derives from
/// <see cref="IPEndPoint"/> is refused, because it means more than an address.
/// </summary>
public interface IUtpConnectionListenerFactory : IConnectionListenerFactory
{
    /// <summary>Binds with options of this listener.</summary>
    /// <param name="endPoint">The local endpoint. With port 0 the system chooses the port.</param>
    /// <param name="options">
    /// The options. Those that are not assigned, or all if this is null, are those of the engine. They are checked and copied: a later change has no
    /// effect.
    /// </param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The listener. Its <c>EndPoint</c> has the port that is bound.</returns>
    /// <exception cref="AddressInUseException">Another listener or another program has the address.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of bounds. The message names it and its bounds.</exception>
    /// <exception cref="NotSupportedException">The transport does not bind endpoints of this type.</exception>
    ValueTask<IConnectionListener> BindAsync(EndPoint endPoint, UtpListenerOptions? options, CancellationToken cancellationToken = default);
}

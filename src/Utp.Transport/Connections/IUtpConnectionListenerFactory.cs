using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Utp.Transport;

/// <summary>
/// Binds uTP listeners, for programs that accept connections themselves; Kestrel and <c>AddListener</c> need none of it. Binds
/// <see cref="UtpEndPoint"/>s, and plain <see cref="IPEndPoint"/>s when <see cref="UtpTransportOptions.ClaimIPEndPoints"/> says so.
/// </summary>
public interface IUtpConnectionListenerFactory : IConnectionListenerFactory
{
    /// <summary>Binds, with options of this one listener.</summary>
    /// <param name="endPoint">Where to listen; port 0 lets the system choose.</param>
    /// <param name="options">
    /// Options that are not assigned are those of the engine; null takes all of those. They are checked and copied: a later change has no effect.
    /// </param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The listener; its <c>EndPoint</c> has the real port.</returns>
    /// <exception cref="AddressInUseException">Another listener or another program has the address.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of bounds; the message names it and what is allowed.</exception>
    /// <exception cref="NotSupportedException">The endpoint is of another kind.</exception>
    ValueTask<IConnectionListener> BindAsync(EndPoint endPoint, UtpListenerOptions? options, CancellationToken cancellationToken = default);
}

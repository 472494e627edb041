using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Utp.Transport;

/// <summary>Makes outbound uTP connections. Accepts <see cref="UtpEndPoint"/>, <see cref="IPEndPoint"/> and <see cref="DnsEndPoint"/>.</summary>
public interface IUtpConnectionFactory : IConnectionFactory
{
    /// <summary>Connects, with options of this one connection.</summary>
    /// <param name="endPoint">Where to: a <see cref="UtpEndPoint"/>, <see cref="IPEndPoint"/> or <see cref="DnsEndPoint"/>.</param>
    /// <param name="options">
    /// Options that are not assigned are those of the factory; null takes all of those. They are checked and copied: a later change has no effect.
    /// </param>
    /// <param name="cancellationToken">Ends the attempt; the half-open connection is forgotten.</param>
    /// <returns>The established connection.</returns>
    /// <exception cref="System.Net.Sockets.SocketException">Refused, timed out, unreachable or unresolvable.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of bounds; the message names it and what is allowed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="InvalidOperationException">The client's maximum of connections is reached.</exception>
    ValueTask<ConnectionContext> ConnectAsync(EndPoint endPoint, UtpConnectionOptions? options, CancellationToken cancellationToken = default);
}

using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Utp.Transport;

/// <summary>Creates outbound uTP connections. It accepts <see cref="UtpEndPoint"/>, <see cref="IPEndPoint"/> and <see cref="DnsEndPoint"/>.</summary>
public interface IUtpConnectionFactory : IConnectionFactory, IUtpRateLimited
{
    /// <summary>Connects with options of this connection.</summary>
    /// <param name="endPoint">The peer: a <see cref="UtpEndPoint"/>, <see cref="IPEndPoint"/> or <see cref="DnsEndPoint"/>.</param>
    /// <param name="options">
    /// The options. Those that are not assigned, or all if this is null, are those of the factory. They are checked and copied: a later change has no
    /// effect.
    /// </param>
    /// <param name="cancellationToken">Ends the attempt, and drops the half-open connection.</param>
    /// <returns>The established connection.</returns>
    /// <exception cref="System.Net.Sockets.SocketException">The connection was refused, timed out, or the host cannot be reached or resolved.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of bounds. The message names it and its bounds.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="InvalidOperationException">The client has its maximum number of connections.</exception>
    ValueTask<ConnectionContext> ConnectAsync(EndPoint endPoint, UtpConnectionOptions? options, CancellationToken cancellationToken = default);
}

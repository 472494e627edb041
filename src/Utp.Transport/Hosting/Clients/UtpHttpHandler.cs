using System.Net.Http;
using Microsoft.AspNetCore.Connections;
using Utp.Transport.Connections;

namespace Utp.Transport.Hosting.Clients;

/// <summary>Makes <see cref="SocketsHttpHandler"/> connect over uTP.</summary>
internal static class UtpHttpHandler
{
    /// <summary>
    /// The time for which an unused connection stays in the pool of a handler whose uTP client has a maximum. The maximum holds for all hosts
    /// together, so a request to one host may wait for a connection that requests to another host left unused. The handler checks once a second.
    /// </summary>
    public static readonly TimeSpan IdleTimeoutOfLimitedClients = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan DefaultIdleTimeout = TimeSpan.FromMinutes(1);

    /// <summary>Sets the handler up, unless it already is.</summary>
    /// <exception cref="InvalidOperationException">The handler has the application's own callback, or has sent a request.</exception>
    public static void Configure(SocketsHttpHandler handler, IConnectionFactory factory)
    {
        if (handler.ConnectCallback is { } callback)
        {
            if (callback.Target is Dialer)
            {
                return;
            }

            throw new InvalidOperationException(
                "OverUtp() sets SocketsHttpHandler.ConnectCallback, but this handler has a ConnectCallback already, which would be lost. "
                + "Remove one of the two; a callback of your own can connect through IUtpConnectionFactory and return new UtpStream(connection).");
        }

        // The handler would connect to a proxy from the environment over uTP too, which no proxy speaks.
        handler.UseProxy = false;
        if (factory is UtpConnectionFactory { MaxConnections: { } limit })
        {
            // Requests wait where they can take a connection that becomes free; only requests to other hosts wait for the uTP client.
            handler.MaxConnectionsPerServer = Math.Min(handler.MaxConnectionsPerServer, limit);
            if (handler.PooledConnectionIdleTimeout == DefaultIdleTimeout)
            {
                handler.PooledConnectionIdleTimeout = IdleTimeoutOfLimitedClients;
            }
        }

        handler.ConnectCallback = new Dialer(factory).ConnectAsync;
    }

    /// <summary>Connects for a handler. A callback that has this target was set by OverUtp.</summary>
    private sealed class Dialer(IConnectionFactory factory)
    {
        public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
        {
            // At the maximum number of connections a request waits, as it does at MaxConnectionsPerServer.
            var connection = factory is UtpConnectionFactory utp
                ? await utp.ConnectWhenFreeAsync(context.DnsEndPoint, cancellationToken).ConfigureAwait(false)
                : await factory.ConnectAsync(context.DnsEndPoint, cancellationToken).ConfigureAwait(false);
            return new UtpStream(connection);
        }
    }
}

using System.Net.Http;
using Microsoft.AspNetCore.Connections;
using Utp.Transport.Connections;

namespace Utp.Transport.Hosting.Clients;

/// <summary>Makes <see cref="SocketsHttpHandler"/> dial uTP.</summary>
internal static class UtpHttpHandler
{
    /// <summary>
    /// How long an unused connection stays in the pool of a handler whose uTP client has a maximum. The maximum holds for all hosts together, so
    /// a request to one host may wait for a connection that another host's requests have left behind. The handler looks once a second.
    /// </summary>
    public static readonly TimeSpan IdleTimeoutOfLimitedClients = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan DefaultIdleTimeout = TimeSpan.FromMinutes(1);

    /// <summary>Sets the handler up, unless it is already.</summary>
    /// <exception cref="InvalidOperationException">The handler has a callback of the application's, or has sent a request.</exception>
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

        // A proxy from the environment would be dialled over uTP too, which no proxy speaks.
        handler.UseProxy = false;
        if (factory is UtpConnectionFactory { MaxConnections: { } limit })
        {
            // Requests wait where they can take a connection that becomes free; only what is for other hosts waits for the uTP client.
            handler.MaxConnectionsPerServer = Math.Min(handler.MaxConnectionsPerServer, limit);
            if (handler.PooledConnectionIdleTimeout == DefaultIdleTimeout)
            {
                handler.PooledConnectionIdleTimeout = IdleTimeoutOfLimitedClients;
            }
        }

        handler.ConnectCallback = new Dialer(factory).ConnectAsync;
    }

    /// <summary>Connects for a handler; the callbacks of OverUtp are known by it.</summary>
    private sealed class Dialer(IConnectionFactory factory)
    {
        public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
        {
            // A request that finds the maximum of connections reached waits, as it does at MaxConnectionsPerServer.
            var connection = factory is UtpConnectionFactory utp
                ? await utp.ConnectWhenFreeAsync(context.DnsEndPoint, cancellationToken).ConfigureAwait(false)
                : await factory.ConnectAsync(context.DnsEndPoint, cancellationToken).ConfigureAwait(false);
            return new UtpStream(connection);
        }
    }
}

using System.Net.Http;
using Microsoft.AspNetCore.Connections;

namespace Utp.Transport.Hosting.Clients;

/// <summary>Makes <see cref="SocketsHttpHandler"/> dial uTP.</summary>
internal static class UtpHttpHandler
{
    public static void Configure(SocketsHttpHandler handler, IConnectionFactory factory)
    {
        // A proxy from the environment would be dialled over uTP too, which no proxy speaks.
        handler.UseProxy = false;
        handler.ConnectCallback = async (context, cancellationToken) =>
        {
            var connection = await factory.ConnectAsync(context.DnsEndPoint, cancellationToken).ConfigureAwait(false);
            return new UtpStream(connection);
        };
    }
}

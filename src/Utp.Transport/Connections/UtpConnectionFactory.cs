using System.Net;
using Microsoft.AspNetCore.Connections;
using Utp.Transport.Engine;

namespace Utp.Transport;

/// <summary>One client: its name, its options and how many connections it has. Clients of one engine share sockets.</summary>
internal sealed class UtpConnectionFactory : IUtpConnectionFactory
{
    /// <param name="engine">Whose sockets are used.</param>
    /// <param name="options">The client's options, complete: what the engine's options say is already in them.</param>
    /// <param name="name">Named in errors; <see cref="string.Empty"/> is the default client.</param>
    public UtpConnectionFactory(UtpEngine engine, UtpClientOptions options, string name = "")
    {
    }

    public ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    public ValueTask<ConnectionContext> ConnectAsync(EndPoint endPoint, UtpConnectionOptions? options, CancellationToken cancellationToken) =>
        throw new NotImplementedException();
}

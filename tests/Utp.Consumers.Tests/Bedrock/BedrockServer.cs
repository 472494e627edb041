using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;

namespace Utp.Consumers.Tests.Bedrock;

/// <summary>
/// Drives a listener factory as the server of Bedrock.Framework does: it creates the factory by its type, with services that may be empty, binds,
/// accepts until it is stopped, and stops in the order unbind, wait or abort, dispose.
/// </summary>
internal sealed class BedrockServer(IConnectionListener listener, ConnectionDelegate handler) : IAsyncDisposable
{
    private readonly List<(ConnectionContext Connection, Task Handling)> _connections = [];
    private Task _accepting = Task.CompletedTask;

    public EndPoint EndPoint => listener.EndPoint;

    public static async Task<(BedrockServer Server, TFactory Factory)> ListenAsync<TFactory>(
        IServiceProvider services, EndPoint endPoint, Action<IConnectionBuilder> configure)
        where TFactory : IConnectionListenerFactory
    {
        var factory = ActivatorUtilities.CreateInstance<TFactory>(services);
        var builder = new ConnectionBuilder(services);
        configure(builder);
        var server = new BedrockServer(await factory.BindAsync(endPoint), builder.Build());
        server._accepting = server.AcceptAsync();
        return (server, factory);
    }

    public async ValueTask DisposeAsync()
    {
        await listener.UnbindAsync();
        await _accepting.WaitAsync(WebServer.Patience);
        foreach (var (connection, handling) in _connections)
        {
            connection.Abort(new ConnectionAbortedException("The server stops."));
            await handling.WaitAsync(WebServer.Patience);
        }

        await listener.DisposeAsync();
    }

    private async Task AcceptAsync()
    {
        while (await listener.AcceptAsync() is { } connection)
        {
            _connections.Add((connection, HandleAsync(connection)));
        }
    }

    private async Task HandleAsync(ConnectionContext connection)
    {
        await Task.Yield();
        try
        {
            await handler(connection);
        }
        catch (Exception exception) when (exception is ConnectionResetException or ConnectionAbortedException)
        {
            // The peer or the end of the server has ended the connection.
        }
        finally
        {
            await connection.DisposeAsync();
        }
    }
}

using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Utp.Transport.Diagnostics;

namespace Utp.Transport.Hosting.Servers;

/// <summary>One bound listener of the <see cref="UtpServer"/>: accepts until it is unbound, and keeps the connections that its handler still serves.</summary>
internal sealed class UtpServerListener(string name, IConnectionListener listener, ConnectionDelegate handler, ILogger logger, ILogger connectionLogger)
{
    // These must be strong references: nothing else references a connection whose handler awaits its own pipe.
    private readonly ConcurrentDictionary<UtpServerConnection, bool> _connections = new();
    private Task _acceptLoop = Task.CompletedTask;

    public ICollection<UtpServerConnection> Connections => _connections.Keys;

    public void Start() => _acceptLoop = Task.Run(AcceptAsync);

    /// <summary>Refuses new connections; accepted ones continue.</summary>
    public async Task UnbindAsync(CancellationToken cancellationToken)
    {
        await listener.UnbindAsync(cancellationToken).ConfigureAwait(false);
        await _acceptLoop.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public async Task CloseAsync()
    {
        try
        {
            await listener.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            UtpLog.ListenerCloseFailed(logger, name, exception);
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (await listener.AcceptAsync().ConfigureAwait(false) is { } transport)
            {
                var connection = new UtpServerConnection(transport, name, handler, connectionLogger);
                _connections.TryAdd(connection, true);
                ThreadPool.UnsafeQueueUserWorkItem(Run, connection, preferLocal: false);
            }
        }
        catch (Exception exception)
        {
            UtpLog.AcceptFailed(logger, name, exception);
        }
    }

    private void Run(UtpServerConnection connection)
    {
        // Use the default execution context, so that no handler inherits the ambient values of the code that started the host.
        _ = RunAsync(connection);
    }

    private async Task RunAsync(UtpServerConnection connection)
    {
        try
        {
            await connection.RunAsync().ConfigureAwait(false);
        }
        finally
        {
            _connections.TryRemove(connection, out _);
        }
    }
}

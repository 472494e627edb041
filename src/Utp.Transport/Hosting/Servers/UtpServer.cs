using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Utp.Transport.Diagnostics;
using Utp.Transport.Hosting.Configuration;

namespace Utp.Transport.Hosting.Servers;

/// <summary>
/// The server of hosts without Kestrel. When the host starts, it binds the listeners of <c>AddListener</c>. It stops as Kestrel does: it stops the
/// heartbeat, unbinds, asks connections to close, aborts those that remain and disposes the listeners. The host's token, or a second, bounds every
/// step.
/// </summary>
internal sealed class UtpServer(
    IEnumerable<UtpListenerRegistration> registrations,
    UtpListenerEndpoints endpoints,
    IUtpConnectionListenerFactory listenerFactory,
    BindErrors bindErrors,
    IServiceProvider services,
    TimeProvider timeProvider,
    ILoggerFactory loggerFactory) : IHostedService, IDisposable
{
    private static readonly TimeSpan HeartbeatInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AbortPatience = TimeSpan.FromSeconds(1);

    private readonly ILogger _logger = loggerFactory.CreateLogger(UtpLog.TransportCategory);
    private readonly ILogger _connectionLogger = loggerFactory.CreateLogger(UtpLog.ConnectionsCategory);
    private readonly List<UtpServerListener> _listeners = [];
    private PeriodicTimer? _heartbeat;
    private int _stopped;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var (key, name) in endpoints.NotServed)
        {
            UtpLog.EndpointNotServed(_logger, key, name);
        }

        try
        {
            foreach (var registration in registrations)
            {
                _listeners.Add(await BindAsync(registration, cancellationToken).ConfigureAwait(false));
            }
        }
        catch
        {
            // The host does not stop a service whose start has failed.
            await StopAsync(new CancellationToken(canceled: true)).ConfigureAwait(false);
            throw;
        }

        if (_listeners.Count > 0)
        {
            _heartbeat = new PeriodicTimer(HeartbeatInterval, timeProvider);
            _ = BeatAsync(_heartbeat);
        }

        foreach (var listener in _listeners)
        {
            listener.Start();
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _stopped, 1) != 0)
        {
            return;
        }

        _heartbeat?.Dispose();
        await UnbindAsync(cancellationToken).ConfigureAwait(false);

        UtpServerConnection[] connections = [.. _listeners.SelectMany(listener => listener.Connections)];
        if (!await CloseAsync(connections, cancellationToken).ConfigureAwait(false))
        {
            await AbortAsync().ConfigureAwait(false);
        }

        await WithinAsync(Task.WhenAll(_listeners.Select(listener => listener.CloseAsync()))).ConfigureAwait(false);
    }

    public void Dispose() => _heartbeat?.Dispose();

    private static async Task<bool> CloseAsync(UtpServerConnection[] connections, CancellationToken cancellationToken)
    {
        foreach (var connection in connections)
        {
            connection.RequestClose();
        }

        try
        {
            await Task.WhenAll(connections.Select(connection => connection.Ended)).WaitAsync(cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task<UtpServerListener> BindAsync(UtpListenerRegistration registration, CancellationToken cancellationToken)
    {
        var builder = new ConnectionBuilder(services);
        registration.Configure(builder);
        var handler = builder.Build();
        var endPoint = endpoints.Resolve(registration);
        try
        {
            var listener = await listenerFactory.BindAsync(endPoint, endPoint.ListenerOptions, cancellationToken).ConfigureAwait(false);
            return new UtpServerListener(registration.Name, listener, handler, _logger, _connectionLogger);
        }
        catch (Exception exception) when (BindErrors.AreExplained(exception))
        {
            throw bindErrors.Explain($"listener '{registration.Name}'", endPoint, exception);
        }
    }

    private async Task UnbindAsync(CancellationToken cancellationToken)
    {
        foreach (var unbinding in _listeners.Select(listener => listener.UnbindAsync(cancellationToken)).ToArray())
        {
            try
            {
                await unbinding.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // The time is over: the next step aborts, and disposing the listeners always unbinds.
            }
        }
    }

    private async Task AbortAsync()
    {
        UtpServerConnection[] connections = [.. _listeners.SelectMany(listener => listener.Connections)];
        if (connections.Length == 0)
        {
            return;
        }

        UtpLog.ConnectionsAborted(_logger, connections.Length);
        var reason = new ConnectionAbortedException("The server is stopping, and the connection did not close within HostOptions.ShutdownTimeout.");
        foreach (var connection in connections)
        {
            connection.Abort(reason);
        }

        if (!await WithinAsync(Task.WhenAll(connections.Select(connection => connection.Ended))).ConfigureAwait(false))
        {
            UtpLog.HandlersAbandoned(_logger, connections.Count(connection => !connection.Ended.IsCompleted));
        }
    }

    private async Task<bool> WithinAsync(Task task)
    {
        try
        {
            await task.WaitAsync(AbortPatience, timeProvider).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private async Task BeatAsync(PeriodicTimer timer)
    {
        while (await timer.WaitForNextTickAsync().ConfigureAwait(false))
        {
            foreach (var connection in _listeners.SelectMany(listener => listener.Connections))
            {
                connection.TickHeartbeat();
            }
        }
    }
}

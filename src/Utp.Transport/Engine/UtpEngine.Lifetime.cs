using Utp.Transport.Diagnostics;
using Utp.Transport.Sockets;

namespace Utp.Transport.Engine;

/// <content>
/// Stopping. In one kind of host, Kestrel still drains while the StopAsync of other services runs. So the engine stops in
/// <see cref="StoppedAsync"/>, which follows all of those.
/// </content>
internal sealed partial class UtpEngine
{
    private Task? _stop;

    /// <summary>Gets the time that stopping leaves connections to deliver their last bytes (2 s): less than a host leaves for its shutdown.</summary>
    public TimeSpan DrainTime { get; init; } = TimeSpan.FromSeconds(2);

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Opens the trace, if one is configured, so that a file that cannot be written fails the start.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            OpenTrace();
        }

        return Task.CompletedTask;
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>
    /// Gives every connection <see cref="DrainTime"/> to deliver the written bytes, resets the rest and closes the sockets. A connection that the
    /// application has closed, or whose output it has completed, ends gracefully. One that it still holds open ends with a RESET.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait for delivery.</param>
    public Task StoppedAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _stopped = true;
            return _stop ??= Task.Run(() => StopCoreAsync(DrainTime, cancellationToken), CancellationToken.None);
        }
    }

    /// <summary>
    /// Stops the engine when the process ends. It does the same as <see cref="StoppedAsync"/>, but the drain lasts as long as the longest linger timeout
    /// of the open connections, because no host sets a limit.
    /// </summary>
    /// <param name="atMost">The longest drain.</param>
    internal Task StopWithProcessAsync(TimeSpan atMost)
    {
        lock (_lock)
        {
            _stopped = true;
            return _stop ??= Task.Run(() => StopCoreAsync(LingerTime(atMost), CancellationToken.None), CancellationToken.None);
        }
    }

    /// <summary>Resets every connection. It waits only for the turns of the sockets.</summary>
    internal void AbortConnections()
    {
        foreach (var socket in ShardsOf(AllGroups()))
        {
            socket.AbortConnections();
        }
    }

    private TimeSpan LingerTime(TimeSpan atMost)
    {
        var longest = ShardsOf(AllGroups()).Select(socket => socket.LongestLinger()).DefaultIfEmpty(TimeSpan.Zero).Max();
        return longest < atMost ? longest : atMost;
    }

    public async ValueTask DisposeAsync()
    {
        await StoppedAsync(CancellationToken.None).ConfigureAwait(false);
        if (Interlocked.Exchange(ref _memoryPool, null) is { } pool && _memoryPoolFactory is not null)
        {
            // The pool drops blocks that the application returns later.
            pool.Dispose();
        }
    }

    /// <summary>
    /// Stops the engine, and blocks until it has stopped. For service providers that are disposed synchronously: they reject services that are only
    /// <see cref="IAsyncDisposable"/>.
    /// </summary>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    /// <summary>Closes every connection gracefully. The task completes when each has delivered everything or has timed out.</summary>
    internal Task CloseConnectionsAsync() => CloseConnectionsAsync(ConnectionSignals.Close);

    private Task CloseConnectionsAsync(ConnectionSignals signal) =>
        Task.WhenAll(ShardsOf(AllGroups()).Select(socket => socket.CloseConnectionsAsync(signal)));

    private async Task StopCoreAsync(TimeSpan drainTime, CancellationToken cancellationToken)
    {
        var groups = AllGroups();
        foreach (var group in groups)
        {
            // Pending accepts return null, because no connection will come.
            await group.UnbindListenerAsync().ConfigureAwait(false);
        }

        await DrainAsync(drainTime, cancellationToken).ConfigureAwait(false);
        CloseSockets(groups);
        lock (_lock)
        {
            _clientSocketTimer?.Dispose();
            _sampleTimer?.Dispose();
        }

        // Last, because connections write to it until they are gone.
        _trace?.Dispose();
        LiveEngines.Remove(this);
        UtpLog.EngineStopped(Logger);
    }

    private async Task DrainAsync(TimeSpan drainTime, CancellationToken cancellationToken)
    {
        try
        {
            await CloseConnectionsAsync(ConnectionSignals.EngineStops).WaitAsync(drainTime, Clock.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            // The connections that are left are reset when the sockets close.
        }
    }

    /// <summary>Resets the connections that are left, and closes the sockets.</summary>
    private void CloseSockets(UtpSocketGroup[] groups)
    {
        if (ShardsOf(groups).Sum(socket => socket.AbortConnections()) is var undelivered and > 0)
        {
            UtpLog.EngineStoppedEarly(Logger, undelivered);
        }

        foreach (var group in groups)
        {
            lock (_lock)
            {
                TryRemove(group);
            }

            // This also cleans up groups that another thread has just removed, so that nothing of them is left when this ends.
            CleanUp(group);
        }
    }
}

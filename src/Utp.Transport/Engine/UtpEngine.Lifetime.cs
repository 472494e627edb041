using Utp.Transport.Diagnostics;
using Utp.Transport.Sockets;

namespace Utp.Transport.Engine;

/// <content>
/// Stopping. In one shape of host, Kestrel is still draining while the StopAsync of other services runs; everything happens in
/// <see cref="StoppedAsync"/>, which follows all of those.
/// </content>
internal sealed partial class UtpEngine
{
    private Task? _stop;

    /// <summary>How long stopping waits for closed connections to deliver their last bytes; within the budget of a host by default.</summary>
    public TimeSpan DrainTime { get; init; } = TimeSpan.FromSeconds(2);

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Opens the trace, if there is to be one, so that a file that cannot be written fails the start.</summary>
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
    /// Gives every connection <see cref="DrainTime"/> to deliver what is written, resets the rest and closes the sockets. Connections that the
    /// application has closed, or whose output it has completed, end gracefully; those that it still holds open end with a RESET.
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
    /// Stops the engine of a process that ends: as <see cref="StoppedAsync"/>, but the drain lasts as long as the longest linger timeout of the
    /// open connections, because no host sets a limit.
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

    /// <summary>Resets every connection, and waits for nothing but the turns of the sockets.</summary>
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
            // Blocks that the application still holds are dropped when they come back.
            pool.Dispose();
        }
    }

    /// <summary>For service providers that are disposed synchronously, which refuse services that cannot be. Blocks as long as stopping takes.</summary>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    /// <summary>Closes every connection gracefully; the task completes when each has delivered everything or given up.</summary>
    internal Task CloseConnectionsAsync() => CloseConnectionsAsync(ConnectionSignals.Close);

    private Task CloseConnectionsAsync(ConnectionSignals signal) =>
        Task.WhenAll(ShardsOf(AllGroups()).Select(socket => socket.CloseConnectionsAsync(signal)));

    private async Task StopCoreAsync(TimeSpan drainTime, CancellationToken cancellationToken)
    {
        var groups = AllGroups();
        foreach (var group in groups)
        {
            // Pending accepts return null: no connection will come.
            await group.UnbindListenerAsync().ConfigureAwait(false);
        }

        try
        {
            await CloseConnectionsAsync(ConnectionSignals.EngineStops).WaitAsync(drainTime, Clock.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            // The rest is reset below.
        }

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

            // Also of groups that somebody else has just removed: nothing of them is left when this ends.
            CleanUp(group);
        }

        lock (_lock)
        {
            _clientSocketTimer?.Dispose();
            _sampleTimer?.Dispose();
        }

        // The last, because connections write to it until they are gone.
        _trace?.Dispose();
        LiveEngines.Remove(this);
        UtpLog.EngineStopped(Logger);
    }
}

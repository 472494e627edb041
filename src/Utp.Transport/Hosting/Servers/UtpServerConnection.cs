using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging;
using Utp.Transport.Diagnostics;

namespace Utp.Transport.Hosting.Servers;

/// <summary>
/// One accepted connection while its handler runs, with the three features that a server provides: heartbeat, completion callbacks and the request
/// to close.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The source has no timer, and handlers may hold its token for as long as they like.")]
internal sealed class UtpServerConnection(ConnectionContext transport, string listener, ConnectionDelegate handler, ILogger logger)
    : IConnectionHeartbeatFeature, IConnectionCompleteFeature, IConnectionLifetimeNotificationFeature
{
    private readonly CancellationTokenSource _closeRequested = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private (Action<object> Action, object State)[] _heartbeats = [];
    private Stack<(Func<object, Task> Callback, object State)>? _completions;
    private bool _completed;

    /// <summary>Completes when the handler has returned and the connection is disposed. Never fails.</summary>
    public Task Ended => _ended.Task;

    public CancellationToken ConnectionClosedRequested { get; set; }

    public void OnHeartbeat(Action<object> action, object state)
    {
        ArgumentNullException.ThrowIfNull(action);
        lock (_lock)
        {
            _heartbeats = [.. _heartbeats, (action, state)];
        }
    }

    void IConnectionCompleteFeature.OnCompleted(Func<object, Task> callback, object state)
    {
        ArgumentNullException.ThrowIfNull(callback);
        lock (_lock)
        {
            if (_completed)
            {
                throw new InvalidOperationException("The connection is already complete.");
            }

            (_completions ??= new()).Push((callback, state));
        }
    }

    public void TickHeartbeat()
    {
        foreach (var (action, state) in Volatile.Read(ref _heartbeats))
        {
            try
            {
                action(state);
            }
            catch (Exception exception)
            {
                UtpLog.ConnectionCallbackFailed(logger, transport.ConnectionId, exception);
            }
        }
    }

    public void RequestClose()
    {
        // Callbacks are the handler's code: they run on the thread pool, so that they can neither delay other connections nor fail the stop.
        ThreadPool.UnsafeQueueUserWorkItem(static connection => connection.CancelCloseRequested(), this, preferLocal: false);
    }

    public void Abort(ConnectionAbortedException reason) => transport.Abort(reason);

    public async Task RunAsync()
    {
        ConnectionClosedRequested = _closeRequested.Token;
        transport.Features.Set<IConnectionHeartbeatFeature>(this);
        transport.Features.Set<IConnectionCompleteFeature>(this);
        transport.Features.Set<IConnectionLifetimeNotificationFeature>(this);
        try
        {
            using (logger.BeginScope(new ConnectionLogScope(transport.ConnectionId)))
            {
                await HandleAsync().ConfigureAwait(false);
                await CompleteAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            await DisposeTransportAsync().ConfigureAwait(false);
            _ended.SetResult();
        }
    }

    private async Task HandleAsync()
    {
        try
        {
            await handler(transport).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is ConnectionResetException or ConnectionAbortedException
            || (exception is OperationCanceledException
                && (transport.ConnectionClosed.IsCancellationRequested || ConnectionClosedRequested.IsCancellationRequested)))
        {
            UtpLog.ConnectionHandlerReset(logger, transport.ConnectionId, listener, exception);
        }
        catch (Exception exception)
        {
            UtpLog.ConnectionHandlerFailed(logger, transport.ConnectionId, listener, exception);

            // The output of a failed handler is incomplete: a RESET tells the peer so, where a FIN would look like a proper end.
            transport.Abort(new ConnectionAbortedException($"The connection handler of listener '{listener}' threw.", exception));
        }
    }

    private async Task CompleteAsync()
    {
        Stack<(Func<object, Task> Callback, object State)>? completions;
        lock (_lock)
        {
            _completed = true;
            completions = _completions;
        }

        while (completions is not null && completions.TryPop(out var completion))
        {
            try
            {
                await completion.Callback(completion.State).ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                UtpLog.ConnectionCallbackFailed(logger, transport.ConnectionId, exception);
            }
        }
    }

    private async Task DisposeTransportAsync()
    {
        try
        {
            await transport.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            UtpLog.ConnectionCallbackFailed(logger, transport.ConnectionId, exception);
        }
    }

    private void CancelCloseRequested()
    {
        try
        {
            _closeRequested.Cancel();
        }
        catch (AggregateException exception)
        {
            UtpLog.ConnectionCallbackFailed(logger, transport.ConnectionId, exception);
        }
    }
}

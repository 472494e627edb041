using Microsoft.Extensions.Logging;
using Utp.Protocol.Connections;
using Utp.Transport.Diagnostics;

namespace Utp.Transport.Connections;

/// <content>The token that tells the application, and what is recorded about the connection's life.</content>
internal sealed partial class UtpConnection : IThreadPoolWorkItem
{
    private const int NotEstablished = 0;
    private const int Established = 1;
    private const int Ended = 2;

    private CancellationTokenSource? _closedSource;
    private CancellationToken? _replacedToken;
    private bool _isDetached;
    private int _recordedState;

    /// <summary>Cancelled when the connection is over for the application: then <c>Input</c> is already completed.</summary>
    public override CancellationToken ConnectionClosed
    {
        get
        {
            if (_replacedToken is { } replaced)
            {
                return replaced;
            }

            var source = LazyInitializer.EnsureInitialized(ref _closedSource);
            if (IsDetached)
            {
                Cancel(source);
            }

            return source.Token;
        }
        set => _replacedToken = value;
    }

    private bool IsDetached => Volatile.Read(ref _isDetached);

    private ConnectionStatistics LastStatistics => _lastStatistics?.Value ?? default;

    private UtpConnectionRole Role => _connectSettings is null ? UtpConnectionRole.Server : UtpConnectionRole.Client;

    /// <summary>The application is about to get the connection.</summary>
    public void RecordEstablished()
    {
        if (Interlocked.CompareExchange(ref _recordedState, Established, NotEstablished) != NotEstablished)
        {
            return;
        }

        _socket.Engine.Metrics?.ConnectionEstablished(Role);
        if (!_socket.Engine.ConnectionLogger.IsEnabled(LogLevel.Debug))
        {
            // The id and the endpoint are objects of their own, which a connection that nobody asks for them does without.
            return;
        }

        if (Role == UtpConnectionRole.Server)
        {
            UtpLog.Accepted(_socket.Engine.ConnectionLogger, ConnectionId, RemoteEndPoint!);
        }
        else
        {
            UtpLog.Connected(_socket.Engine.ConnectionLogger, ConnectionId, RemoteEndPoint!);
        }
    }

    /// <summary>Takes a snapshot. Any thread.</summary>
    public UtpConnectionStatistics ReadStatistics() => _socket.Read(_ => StatisticsNow());

    /// <summary>The same, called with the turn.</summary>
    public UtpConnectionStatistics StatisticsNow() => Convert(CoreStatisticsNow());

    /// <summary>The same in the core's units.</summary>
    public ConnectionStatistics CoreStatisticsNow() =>
        _closeReason == UtpCloseReason.None && _core is not null ? _core.Statistics : LastStatistics;

    /// <summary>Records the end of the connection. On the thread pool, because log providers and metric listeners are code of the application.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        if (Interlocked.Exchange(ref _recordedState, Ended) != Established)
        {
            return;
        }

        var engine = _socket.Engine;
        engine.Metrics?.ConnectionEnded(Role, _closeReason, TimeSpan.FromMicroseconds(engine.Clock.Now - StartedAt));
        if (engine.ConnectionLogger.IsEnabled(LogLevel.Debug))
        {
            UtpLog.Closed(engine.ConnectionLogger, ConnectionId, _closeReason, LastStatistics.BytesSent, LastStatistics.BytesReceived);
        }
    }

    /// <summary>
    /// The application is told that the connection is over. Called with the turn and after the input pipe was completed, so that nobody who
    /// hears of it still waits for input.
    /// </summary>
    private void Detach()
    {
        if (_isDetached)
        {
            return;
        }

        Volatile.Write(ref _isDetached, true);

        // Whoever creates one of these looks at the flag afterwards; whoever sets the flag looks at these afterwards.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _closedSource) is { } source)
        {
            Cancel(source);
        }

        Volatile.Read(ref _detached)?.TrySetResult();
    }

    /// <summary>Sets the token now, and runs what is registered on it on the thread pool.</summary>
    private void Cancel(CancellationTokenSource source)
    {
        var callbacks = source.CancelAsync();
        if (!callbacks.IsCompleted)
        {
            callbacks.ContinueWith(
                static (task, state) => ((UtpConnection)state!).LogCallbackFailure(task.Exception!),
                this,
                CancellationToken.None,
                TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
        }
    }

    private void LogCallbackFailure(Exception exception) =>
        UtpLog.ConnectionClosedCallbackFailed(_socket.Engine.ConnectionLogger, ConnectionId, exception);
}

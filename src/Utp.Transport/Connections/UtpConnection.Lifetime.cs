using Microsoft.Extensions.Logging;
using Utp.Protocol.Connections.Statistics;
using Utp.Transport.Diagnostics;

namespace Utp.Transport.Connections;

/// <content>What is recorded about the connection's life.</content>
internal sealed partial class UtpConnection : IThreadPoolWorkItem
{
    private RecordedLife _recorded;

    private ConnectionStatistics LastStatistics => _lastStatistics?.Value ?? default;

    private UtpConnectionRole Role => _connectSettings is null ? UtpConnectionRole.Server : UtpConnectionRole.Client;

    /// <summary>Records that the application is about to get the connection.</summary>
    public void RecordEstablished()
    {
        if (Interlocked.CompareExchange(ref _recorded, RecordedLife.Established, RecordedLife.Nothing) != RecordedLife.Nothing)
        {
            return;
        }

        _socket.Engine.Metrics?.ConnectionEstablished(Role);
        if (!_socket.Engine.ConnectionLogger.IsEnabled(LogLevel.Debug))
        {
            // The id and the endpoint are objects, which are allocated only when they are asked for.
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

    /// <summary>Takes a snapshot within the turn.</summary>
    public UtpConnectionStatistics StatisticsNow() => Convert(CoreStatisticsNow());

    /// <summary>Takes a snapshot in the core's units within the turn.</summary>
    public ConnectionStatistics CoreStatisticsNow() =>
        _closeReason == UtpCloseReason.None && _core is not null ? _core.Statistics : LastStatistics;

    /// <summary>Records the end of the connection. On the thread pool, because log providers and metric listeners are code of the application.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        if (Interlocked.Exchange(ref _recorded, RecordedLife.Ended) != RecordedLife.Established)
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

    private void LogCallbackFailure(Exception exception) =>
        UtpLog.ConnectionClosedCallbackFailed(_socket.Engine.ConnectionLogger, ConnectionId, exception);
}

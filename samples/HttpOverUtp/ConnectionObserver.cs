using System.Collections.Concurrent;
using Utp.Transport;

namespace HttpOverUtp;

/// <summary>Remembers the uTP connections that requests came over: each request carries the measurements of its connection.</summary>
internal sealed class ConnectionObserver
{
    private readonly ConcurrentDictionary<string, IUtpConnectionFeature> _connections = new();

    public void Observe(HttpContext context)
    {
        if (context.Features.Get<IUtpConnectionFeature>() is { } connection)
        {
            _connections.TryAdd(context.Connection.Id, connection);
        }
    }

    /// <summary>What the connections measured, the busiest first.</summary>
    public IReadOnlyList<UtpConnectionStatistics> Statistics() =>
        [.. _connections.Values.Select(connection => connection.Statistics).OrderByDescending(statistics => statistics.BytesSent)];
}

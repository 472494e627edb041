using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Utp.Transport.Datagrams.Sharding;

/// <summary>Says once per process and reason, not once per port, that ports have one shard where there were to be more.</summary>
internal sealed class ShardNotice
{
    private readonly ConcurrentDictionary<string, bool> _reportedReasons = new();

    /// <summary>The one of this process.</summary>
    public static ShardNotice Shared { get; } = new();

    /// <param name="logger">Told of it: as a warning when somebody asked for shards, else for whoever looks closely.</param>
    /// <param name="options">Tell which.</param>
    /// <param name="wanted">As many were to be.</param>
    /// <param name="reason">Completes "cannot be had here: ...".</param>
    public void Report(ILogger logger, UtpTransportOptions options, int wanted, string reason)
    {
        var level = options.Shards is null ? LogLevel.Debug : LogLevel.Warning;
        if (_reportedReasons.TryAdd($"{level} {reason}", true))
        {
            DatagramLog.ShardsUnavailable(logger, level, wanted, reason);
        }
    }
}

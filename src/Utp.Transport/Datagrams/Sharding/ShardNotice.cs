using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Utp.Transport.Datagrams.Sharding;

/// <summary>Logs once per process and reason, not once per port, that a port has one shard instead of several.</summary>
internal sealed class ShardNotice
{
    private readonly ConcurrentDictionary<string, bool> _reportedReasons = new();

    /// <summary>The instance of this process.</summary>
    public static ShardNotice Shared { get; } = new();

    /// <param name="logger">The logger: it gets a warning when the options ask for shards, else a debug message.</param>
    /// <param name="options">The options that may ask for shards.</param>
    /// <param name="wanted">The number of shards wanted.</param>
    /// <param name="reason">Completes "cannot be shared by N sockets here: ...".</param>
    public void Report(ILogger logger, UtpTransportOptions options, int wanted, string reason)
    {
        var level = options.Shards is null ? LogLevel.Debug : LogLevel.Warning;
        if (_reportedReasons.TryAdd($"{level} {reason}", true))
        {
            DatagramLog.ShardsUnavailable(logger, level, wanted, reason);
        }
    }
}

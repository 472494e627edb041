using Utp.Protocol.Connections;

namespace Utp.Protocol.Sockets;

/// <summary>Limits of one UDP endpoint. Every table and queue of the core is bounded by one of these.</summary>
internal sealed record SocketSettings
{
    /// <summary>Connections, half-open and lingering ones included.</summary>
    public int MaxConnections { get; init; } = 65_536;

    /// <summary>Accepted connections that the application has not yet taken (<see cref="SocketCore.ReleaseBacklog"/>).</summary>
    public int AcceptBacklog { get; init; } = 512;

    /// <summary>Connection requests answered but not yet confirmed by the peer.</summary>
    public int MaxHalfOpen { get; init; } = 4_096;

    public int MaxHalfOpenPerAddress { get; init; } = 1_024;

    /// <summary>When the half-open table is full, an entry of at least this age makes room for a newcomer.</summary>
    public long HalfOpenEvictionMicros { get; init; } = 3_000_000;

    /// <summary>A half-open entry is forgotten after this time. Long, because a libutp initiator confirms only with its first data.</summary>
    public long HalfOpenTimeoutMicros { get; init; } = 60_000_000;

    /// <summary>RESETs to addresses without a connection, per second (token bucket of the same depth).</summary>
    public int MaxResetsPerSecond { get; init; } = 100;

    /// <summary>
    /// What one connection may have in flight for each millisecond of its smallest round trip, and at least for one: what the peer's socket
    /// can hold while nobody looks after it. Zero for no limit.
    /// </summary>
    public long MaxFlightBytesPerMillisecond { get; init; }

    /// <summary>What accepted connections use.</summary>
    public ConnectionSettings AcceptedConnections { get; init; } = ConnectionSettings.Default;
}

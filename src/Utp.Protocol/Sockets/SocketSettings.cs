using Utp.Protocol.Connections;

namespace Utp.Protocol.Sockets;

/// <summary>Limits of one UDP socket. Limits that need no setting are constants of the classes that enforce them.</summary>
internal sealed record SocketSettings
{
    /// <summary>Maximum number of connections, half-open and lingering ones included.</summary>
    public int MaxConnections { get; init; } = 65_536;

    /// <summary>Maximum number of accepted connections that the application has not yet taken (<see cref="SocketCore.ReleaseBacklog"/>).</summary>
    public int AcceptBacklog { get; init; } = 512;

    /// <summary>Maximum number of connection requests that were answered but not yet confirmed by the peer.</summary>
    public int MaxHalfOpen { get; init; } = 4_096;

    /// <summary>Maximum number of half-open connections of one remote address, whatever its ports.</summary>
    public int MaxHalfOpenPerAddress { get; init; } = 1_024;

    /// <summary>The age from which a half-open connection makes room for a new one when their number is at its limit.</summary>
    public long HalfOpenEvictionMicros { get; init; } = 3_000_000;

    /// <summary>The time after which a half-open connection is forgotten. It is long, because a libutp initiator confirms only with its first data.</summary>
    public long HalfOpenTimeoutMicros { get; init; } = 60_000_000;

    /// <summary>Maximum number of RESETs per second to addresses without a connection (a token bucket of the same depth).</summary>
    public int MaxResetsPerSecond { get; init; } = 100;

    /// <summary>
    /// Maximum number of bytes in flight of one connection for each millisecond of its smallest round trip, and at least for one: what the peer's
    /// socket buffer can hold while the peer does not read it. Zero for no limit.
    /// </summary>
    public long MaxFlightBytesPerMillisecond { get; init; }

    /// <summary>The settings of accepted connections.</summary>
    public ConnectionSettings AcceptedConnections { get; init; } = ConnectionSettings.Default;
}

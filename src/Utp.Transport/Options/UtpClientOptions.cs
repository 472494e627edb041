using System.Net;

namespace Utp.Transport;

/// <summary>Options of a named client, bound from <c>Utp:Clients:NAME</c>; the inherited options start from the engine's.</summary>
public sealed class UtpClientOptions : UtpConnectionOptions
{
    /// <summary>Initializes options with nothing assigned: the client's connections then have the engine's options.</summary>
    public UtpClientOptions()
    {
    }

    /// <summary>Initializes a copy: the same values, and the same options assigned.</summary>
    /// <param name="other">The options to copy.</param>
    /// <exception cref="ArgumentNullException"><paramref name="other"/> is null.</exception>
    public UtpClientOptions(UtpClientOptions other)
        : base(other)
    {
        MaxConnections = other.MaxConnections;
        MaxTotalSendBytesPerSecond = other.MaxTotalSendBytesPerSecond;
        MaxTotalReceiveBytesPerSecond = other.MaxTotalReceiveBytesPerSecond;
        LocalEndPoint = other.LocalEndPoint is { } local ? new IPEndPoint(local.Address, local.Port) : null;
    }

    /// <summary>
    /// Gets or sets the maximum number of connections that the client has at once. Default null: no limit but the engine's. Beyond it a connect
    /// fails with an <see cref="InvalidOperationException"/> that names the client and the limit; a request of an
    /// cref="System.Net.Http.HttpClient"/> over uTP waits until a connection ends, as it does for
    /// <see cref="System.Net.Http.SocketsHttpHandler.MaxConnectionsPerServer"/>.
    /// </summary>
    public int? MaxConnections { get; set; }

    /// <summary>
    /// Gets or sets the local address to connect from. Default null: any address, and a port that the system chooses and the engine's clients share;
    /// with several <see cref="UtpTransportOptions.Shards"/>, one port per shard, which connections use in turn. Set the endpoint of a listener to
    /// connect from the listening port (for NAT traversal).
    /// </summary>
    public IPEndPoint? LocalEndPoint { get; set; }

    /// <summary>
    /// Gets or sets the maximum number of payload bytes that the connections of the client send together per second. Default null: no limit. Allowed
    /// 1,000 to 2,000,000,000. <see cref="IUtpRateLimits"/> says what counts, and changes the limit at run time.
    /// </summary>
    public int? MaxTotalSendBytesPerSecond { get; set; }

    /// <summary>
    /// Gets or sets the maximum number of payload bytes that the connections of the client receive together per second. Default null: no limit.
    /// Allowed 1,000 to 2,000,000,000.
    /// </summary>
    public int? MaxTotalReceiveBytesPerSecond { get; set; }
}

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
        MaxPendingConnects = other.MaxPendingConnects;
        LocalListener = other.LocalListener;
        LocalEndPoint = other.LocalEndPoint is { } local ? new IPEndPoint(local.Address, local.Port) : null;
    }

    /// <summary>
    /// Gets or sets the maximum number of connections that the client has at once. Default null: no limit but the engine's. Beyond it a connect
    /// fails with an <see cref="InvalidOperationException"/> that names the client and the limit; a request of an
    /// <see cref="System.Net.Http.HttpClient"/> over uTP waits until a connection ends, as it does for
    /// <see cref="System.Net.Http.SocketsHttpHandler.MaxConnectionsPerServer"/>.
    /// </summary>
    public int? MaxConnections { get; set; }

    /// <summary>
    /// Gets or sets the maximum number of connects that wait for their peer's answer at once. Default null: no limit; allowed 1 to 1,000,000.
    /// Further connects wait for their turn, in the order of their calls. That wait does not count against
    /// <see cref="UtpConnectionOptions.ConnectTimeout"/>; the caller's token ends it. A connect to a name with several addresses counts once.
    /// </summary>
    public int? MaxPendingConnects { get; set; }

    /// <summary>
    /// Gets or sets the local address to connect from. Default null: any address, and a port that the system chooses and the engine's clients share;
    /// with several <see cref="UtpTransportOptions.Shards"/>, one port per shard, which connections use in turn. To connect from the port
    /// of a listener of the same host, set <see cref="LocalListener"/> instead. A connect to an address of another family fails at once; an endpoint
    /// with <see cref="IPAddress.IPv6Any"/> reaches both families.
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

    /// <summary>
    /// Gets or sets the name of the listener of the same host whose UDP port the client's connections leave from, also when the system has chosen
    /// that port. Default null: the client has a port of its own. Peer-to-peer programs need it, because a NAT forwards packets only to a port that
    /// has sent some. Not together with <see cref="LocalEndPoint"/>.
    /// </summary>
    /// <remarks>
    /// The name is that of <c>Utp:Endpoints:NAME</c> or of <c>AddListener</c>. An unknown name fails the start of the host. A connect before the
    /// listener is bound, or after it was unbound, fails with an <see cref="InvalidOperationException"/>. <see cref="UtpClient"/> refuses the option:
    /// without a host, <see cref="UtpSocket"/> listens and connects.
    /// </remarks>
    public string? LocalListener { get; set; }
}

using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Utp.Protocol.Addresses;
using Utp.Transport.Connections;
using Utp.Transport.Connections.Pipes;
using Utp.Transport.Datagrams;
using Utp.Transport.Datagrams.Sharding;
using Utp.Transport.Diagnostics;
using Utp.Transport.Rates;

namespace Utp.Transport.Engine;

/// <summary>Opens <paramref name="count"/> channels bound to a local endpoint, or one if the system cannot distribute datagrams among several.</summary>
internal delegate IDatagramChannel[] OpenChannels(IPEndPoint local, int count, UtpTransportOptions options, UtpClock clock, ILogger logger);

/// <summary>
/// The UDP sockets of a process that carry uTP, by local address. Listeners, connections, and closed connections that still deliver their last bytes
/// keep a socket open. The engine starts with the first bind or connect. It stops in <see cref="StoppedAsync"/>, when no server drains any more.
/// </summary>
internal sealed partial class UtpEngine : IHostedLifecycleService, INonUtpDatagramSender, IAsyncDisposable, IDisposable
{
    private const int MaxDatagramBytes = 65_507;

    private readonly IOptions<UtpTransportOptions> _options;
    private readonly Func<INonUtpDatagramHandler?>? _createNonUtpHandler;
    private readonly Lazy<UtpListenerOptions> _defaultOptions;
    private readonly Lazy<SharedRateLimits> _rateLimits;
    private readonly Lazy<int> _shardCount;
    private readonly Lazy<INonUtpDatagramHandler?> _nonUtpHandler;
    private readonly Lazy<IUtpAcceptFilter?> _acceptFilter;
    private readonly IMemoryPoolFactory<byte>? _memoryPoolFactory;
    private INonUtpDatagramHandler? _assignedNonUtpHandler;
    private MemoryPool<byte>? _memoryPool;

    /// <param name="options">Read when the first socket opens, so that invalid options fail there at the latest.</param>
    /// <param name="loggerFactory">Creates loggers whose categories start with <c>Utp.Transport</c>.</param>
    /// <param name="timeProvider">The clock of every deadline.</param>
    /// <param name="metrics">The metrics that record connections; null records nothing.</param>
    /// <param name="memoryPoolFactory">Creates the pool of the pipes' memory; null uses <see cref="BlockPool.Shared"/>.</param>
    /// <param name="createNonUtpHandler">
    /// Creates the handler. Called once, with the first non-uTP datagram, because a handler may depend on services that depend on the engine.
    /// </param>
    public UtpEngine(
        IOptions<UtpTransportOptions> options,
        ILoggerFactory loggerFactory,
        TimeProvider timeProvider,
        UtpMetrics? metrics = null,
        IMemoryPoolFactory<byte>? memoryPoolFactory = null,
        Func<INonUtpDatagramHandler?>? createNonUtpHandler = null)
    {
        _options = options;
        _memoryPoolFactory = memoryPoolFactory;
        _createNonUtpHandler = createNonUtpHandler;
        Clock = new UtpClock(timeProvider);
        Logger = loggerFactory.CreateLogger(UtpLog.TransportCategory);
        ConnectionLogger = loggerFactory.CreateLogger(UtpLog.ConnectionsCategory);
        Metrics = metrics;
        metrics?.ObserveCounters(ReadCounters);
        _nonUtpHandler = new(() => _createNonUtpHandler?.Invoke());
        _acceptFilter = new(() => CreateAcceptFilter?.Invoke());
        _shardCount = new(CountShards);
        _rateLimits = new(() => new SharedRateLimits(
            this, null, _options.Value.MaxTotalSendBytesPerSecond, _options.Value.MaxTotalReceiveBytesPerSecond));
        _defaultOptions = new(() =>
        {
            var defaults = new UtpListenerOptions();
            _options.Value.CopyTo(defaults);
            return defaults;
        });
    }

    public UtpClock Clock { get; }

    public ILogger Logger { get; }

    public ILogger ConnectionLogger { get; }

    public UtpMetrics? Metrics { get; }

    /// <summary>Gets the function that opens channels. Tests replace it with one that opens in-process channels.</summary>
    public OpenChannels OpenChannels { get; init; } = ShardedChannels.Create;

    /// <summary>Gets the number of UDP sockets of a local endpoint: 1 where the kernel cannot distribute datagrams among several.</summary>
    public int EffectiveShardCount => _shardCount.Value;

    public int MaxConnections => _options.Value.MaxConnections;

    /// <summary>Gets the options of a listener or connection that has none of its own: those of the engine.</summary>
    public UtpListenerOptions DefaultOptions => _defaultOptions.Value;

    /// <summary>Gets the limits that all connections share.</summary>
    public SharedRateLimits RateLimits => _rateLimits.Value;

    /// <summary>Gets or sets the handler. The one that was set replaces the one that the constructor's function creates.</summary>
    public INonUtpDatagramHandler? NonUtpDatagramHandler
    {
        get => Volatile.Read(ref _assignedNonUtpHandler) ?? _nonUtpHandler.Value;
        set => Volatile.Write(ref _assignedNonUtpHandler, value);
    }

    /// <summary>
    /// Gets the function that creates the filter. Called once, with the first bind, because a filter may depend on services that depend on the engine.
    /// </summary>
    public Func<IUtpAcceptFilter?>? CreateAcceptFilter { get; init; }

    public IUtpAcceptFilter? AcceptFilter => _acceptFilter.Value;

    public MemoryPool<byte> MemoryPool => LazyInitializer.EnsureInitialized(ref _memoryPool, CreateMemoryPool);

    /// <summary>Listens. The listener shares its sockets with outbound connections from the same local endpoint.</summary>
    /// <exception cref="AddressInUseException">Another listener, or another process, has the address.</exception>
    /// <exception cref="ObjectDisposedException">The engine has stopped.</exception>
    public ValueTask<UtpConnectionListener> BindAsync(IPEndPoint endPoint, UtpListenerOptions options, CancellationToken cancellationToken = default) =>
        BindAsync(endPoint, options, static bound => new UtpEndPoint(bound), null, cancellationToken);

    /// <summary>Listens, with an endpoint of the caller's choice.</summary>
    /// <param name="endPoint">The address and port.</param>
    /// <param name="options">The options of the listener.</param>
    /// <param name="describe">Makes the endpoint of the listener from the one that is bound.</param>
    /// <param name="leases">The leases of its connections; null for leases of its own, with the maximum that the options say.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public ValueTask<UtpConnectionListener> BindAsync(
        IPEndPoint endPoint,
        UtpListenerOptions options,
        Func<IPEndPoint, EndPoint> describe,
        ConnectionLeases? leases = null,
        CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();

        // Created here, because the filter is code of the application, and an exception of its constructor belongs to the caller.
        _ = AcceptFilter;
        var group = Acquire(endPoint, EffectiveShardCount, start: false);
        options = new UtpListenerOptions(options)
        {
            SharedRates = new SharedRateLimits(this, RateLimits, options.MaxTotalSendBytesPerSecond, options.MaxTotalReceiveBytesPerSecond),
        };
        var listener = new UtpConnectionListener(group, options, describe(group.LocalEndPoint), leases ?? new ConnectionLeases(options.MaxConnections));
        if (!group.TryListen(listener, options.ToSettings()))
        {
            ReleaseReference(group);
            throw group.Failure is { } failure ? UtpErrors.ListenerFailed(endPoint, failure) : UtpErrors.AddressInUse(endPoint);
        }

        Start(group);
        RebindIfFailed(group);
        return new ValueTask<UtpConnectionListener>(listener);
    }

    /// <summary>Connects. If <paramref name="local"/> is null, the connection shares a socket with the others that have no local endpoint.</summary>
    /// <param name="remote">The peer; a wildcard address means this host, as it does for TCP.</param>
    /// <param name="options">The options of the connection. They do not change afterwards.</param>
    /// <param name="local">The local endpoint.</param>
    /// <param name="lease">Disposed when the application no longer has the connection, or if connecting fails.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="SocketException">Refused, timed out or unreachable.</exception>
    /// <exception cref="InvalidOperationException">The socket has the maximum number of connections.</exception>
    /// <exception cref="ObjectDisposedException">The engine has stopped.</exception>
    public async ValueTask<UtpConnection> ConnectAsync(
        IPEndPoint remote, UtpConnectionOptions options, IPEndPoint? local, IDisposable? lease = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        remote = ToReachable(remote);
        var peer = PeerAddress.FromEndPoint(remote);
        var connection = new UtpConnection(AcquireForConnect(local, remote.AddressFamily).ShardOf(peer), peer, options, lease);
        try
        {
            await connection.ConnectAsync(options.ToSettings(RateLimits), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // A cancelled attempt fails before its turn has recorded the reason.
            var reason = connection.CloseReason == UtpCloseReason.None ? UtpCloseReason.LocalAbort : connection.CloseReason;
            ConnectFailure.Note(exception, reason);
            Metrics?.HandshakeEnded(reason, SinceStart(connection));
            UtpLog.ConnectFailed(ConnectionLogger, connection.ConnectionId, remote, reason);

            // The application never gets the connection, so its ends of the pipes are completed here.
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        Metrics?.HandshakeEnded(UtpCloseReason.None, SinceStart(connection));
        connection.RecordEstablished();
        return connection;
    }

    /// <inheritdoc />
    public bool TrySend(IPEndPoint local, IPEndPoint remote, ReadOnlySpan<byte> datagram)
    {
        ArgumentNullException.ThrowIfNull(local);
        ArgumentNullException.ThrowIfNull(remote);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(datagram.Length, MaxDatagramBytes, nameof(datagram));
        var peer = PeerAddress.FromEndPoint(remote);
        return Find(local, out var source) is { } group
            && Route.CanReach(group.LocalEndPoint, remote)
            && group.ShardOf(peer).TrySendNonUtp(peer, source, datagram);
    }

    /// <summary>Makes every connection consider its limits again. Any thread.</summary>
    public void OnRatesChanged()
    {
        foreach (var socket in ShardsOf(AllGroups()))
        {
            socket.NoteRatesChanged();
        }
    }

    private TimeSpan SinceStart(UtpConnection connection) => TimeSpan.FromMicroseconds(Clock.Now - connection.StartedAt);

    private static IPEndPoint ToReachable(IPEndPoint remote)
    {
        if (remote.Address.Equals(IPAddress.Any))
        {
            return new IPEndPoint(IPAddress.Loopback, remote.Port);
        }

        return remote.Address.Equals(IPAddress.IPv6Any) ? new IPEndPoint(IPAddress.IPv6Loopback, remote.Port) : remote;
    }

    private int CountShards()
    {
        var options = _options.Value;
        var count = ShardCount.Of(options, out var whyOne);
        if (options.Shards is { } wanted && whyOne is not null)
        {
            ShardNotice.Shared.Report(Logger, options, wanted, whyOne);
        }

        return count;
    }

    private MemoryPool<byte> CreateMemoryPool() =>
        _memoryPoolFactory?.Create(new MemoryPoolOptions { Owner = "utp" }) ?? BlockPool.Shared;
}

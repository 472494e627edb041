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

namespace Utp.Transport.Engine;

/// <summary>Opens as many channels bound to a local endpoint as asked for, or one.</summary>
internal delegate IDatagramChannel[] OpenChannels(IPEndPoint local, int count, UtpTransportOptions options, UtpClock clock, ILogger logger);

/// <summary>
/// Every UDP socket of the process that speaks uTP, by local address, and everything that keeps one open: listeners, connections and closes
/// that still deliver their last bytes. Starts with the first bind or connect, stops in <see cref="StoppedAsync"/>, when no server drains any more.
/// </summary>
internal sealed partial class UtpEngine : IHostedLifecycleService, INonUtpDatagramSender, IAsyncDisposable, IDisposable
{
    private const int MaxDatagramBytes = 65_507;

    private readonly IOptions<UtpTransportOptions> _options;
    private readonly Func<INonUtpDatagramHandler?>? _foreignDatagramHandler;
    private readonly Lazy<UtpListenerOptions> _defaultOptions;
    private readonly Lazy<int> _shardCount;
    private readonly Lazy<INonUtpDatagramHandler?> _foreignHandler;
    private readonly IMemoryPoolFactory<byte>? _memoryPoolFactory;
    private MemoryPool<byte>? _memoryPool;

    /// <param name="options">Read when the first socket opens, so that invalid options fail where they are used at the latest.</param>
    /// <param name="loggerFactory">Categories start with <c>Utp.Transport</c>.</param>
    /// <param name="timeProvider">The clock of every deadline.</param>
    /// <param name="metrics">Where connections are recorded; null records nothing.</param>
    /// <param name="memoryPoolFactory">Where pipes take their memory; null takes <see cref="BlockPool.Shared"/>.</param>
    /// <param name="foreignDatagramHandler">Asked once, with the first non-uTP datagram: a handler may depend on services that depend on the engine.</param>
    public UtpEngine(
        IOptions<UtpTransportOptions> options,
        ILoggerFactory loggerFactory,
        TimeProvider timeProvider,
        UtpMetrics? metrics = null,
        IMemoryPoolFactory<byte>? memoryPoolFactory = null,
        Func<INonUtpDatagramHandler?>? foreignDatagramHandler = null)
    {
        _options = options;
        _memoryPoolFactory = memoryPoolFactory;
        _foreignDatagramHandler = foreignDatagramHandler;
        Clock = new UtpClock(timeProvider);
        Logger = loggerFactory.CreateLogger(UtpLog.TransportCategory);
        ConnectionLogger = loggerFactory.CreateLogger(UtpLog.ConnectionsCategory);
        Metrics = metrics;
        metrics?.ObserveCounters(ReadCounters);
        _foreignHandler = new(() => _foreignDatagramHandler?.Invoke());
        _shardCount = new(CountShards);
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

    /// <summary>How channels are opened; tests put in-process ones in place.</summary>
    public OpenChannels OpenChannels { get; init; } = ShardedChannels.Create;

    /// <summary>UDP sockets that a local endpoint is to have; where the kernel will not have it, one.</summary>
    public int EffectiveShardCount => _shardCount.Value;

    public int MaxConnections => _options.Value.MaxConnections;

    /// <summary>The engine's options as those of a listener or connection.</summary>
    public UtpListenerOptions DefaultOptions => _defaultOptions.Value;

    public INonUtpDatagramHandler? ForeignDatagramHandler => _foreignHandler.Value;

    public MemoryPool<byte> MemoryPool => LazyInitializer.EnsureInitialized(ref _memoryPool, CreateMemoryPool);

    /// <summary>Listens, on a socket shared with whoever names the same local endpoint.</summary>
    /// <exception cref="AddressInUseException">Another listener, or another process, has the address.</exception>
    /// <exception cref="ObjectDisposedException">The engine has stopped.</exception>
    public ValueTask<UtpConnectionListener> BindAsync(IPEndPoint endPoint, UtpListenerOptions options, CancellationToken cancellationToken = default) =>
        BindAsync(endPoint, options, null, cancellationToken);

    /// <summary>The same, with the name of the listener.</summary>
    public ValueTask<UtpConnectionListener> BindAsync(
        IPEndPoint endPoint, UtpListenerOptions options, string? listenerName, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var group = Acquire(endPoint, EffectiveShardCount);
        var listener = new UtpConnectionListener(group, options, new UtpEndPoint(group.LocalEndPoint) { ListenerName = listenerName });
        if (!group.TryListen(listener, options.ToSettings()))
        {
            ReleaseReference(group);
            throw group.Failure is { } failure ? UtpErrors.ListenerFailed(endPoint, failure) : UtpErrors.AddressInUse(endPoint);
        }

        RebindIfFailed(group);
        return new ValueTask<UtpConnectionListener>(listener);
    }

    /// <summary>Connects, from one of the sockets shared with all other connects without a local endpoint when <paramref name="local"/> is null.</summary>
    /// <param name="remote">The peer; a wildcard address means this host, as it does for TCP.</param>
    /// <param name="options">Of this connection; not changed afterwards.</param>
    /// <param name="local">Where to connect from.</param>
    /// <param name="lease">Disposed when the application no longer has the connection, or there is none.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="SocketException">Refused, timed out or unreachable.</exception>
    /// <exception cref="InvalidOperationException">The socket has the maximum of connections.</exception>
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
            await connection.ConnectAsync(options.ToSettings(), cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            UtpLog.ConnectFailed(ConnectionLogger, connection.ConnectionId, remote, connection.CloseReason);

            // Both pipe ends of the application, which never gets to see them.
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
        finally
        {
            Metrics?.HandshakeEnded(connection.CloseReason, TimeSpan.FromMicroseconds(Clock.Now - connection.StartedAt));
        }

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
        return Find(local, out var source)?.ShardOf(peer).TrySendForeign(peer, source, datagram) ?? false;
    }

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

using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Utp.Transport.Connections;
using Utp.Transport.Engine;

namespace Utp.Benchmarks.Loads;

/// <summary>Listens and connects over uTP or over Kestrel's TCP transport; either way the result is a <see cref="ConnectionContext"/>.</summary>
internal sealed class LoadTransport : IAsyncDisposable
{
    /// <summary>
    /// The maximum number of connections per socket. Two sockets have 65,536 connection ids between them, and the neighbours of one in use stay free.
    /// </summary>
    private const int ConnectionsPerSocket = 10_000;

    /// <summary>
    /// Number of sockets that connect. Two sockets run out of ids for each other beyond 28,000 connections, including those that linger.
    /// </summary>
    private const int SocketsThatConnect = 2;

    private readonly LoadOptions _options;
    private readonly List<UtpEngine> _engines = [];
    private readonly List<UtpConnectionFactory> _factories = [];
    private readonly SocketConnectionContextFactory _sockets;
    private int _connectCount;

    public LoadTransport(LoadOptions options)
    {
        _options = options;
        _sockets = new(new SocketConnectionFactoryOptions { UnsafePreferInlineScheduling = options.IsInline }, NullLogger.Instance);
    }

    public async Task<IConnectionListener> ListenAsync()
    {
        if (_options.Channel is null)
        {
            var tcp = new SocketTransportFactory(Options.Create(new SocketTransportOptions { UnsafePreferInlineScheduling = _options.IsInline }),
                NullLoggerFactory.Instance);
            return await tcp.BindAsync(new IPEndPoint(IPAddress.Loopback, 0));
        }

        var engine = NewEngine(out var transport);
        return await new UtpConnectionListenerFactory(engine, Options.Create(transport)).BindAsync(new UtpEndPoint(IPAddress.Loopback, 0));
    }

    public async ValueTask<ConnectionContext> ConnectAsync()
    {
        var remote = new IPEndPoint(IPAddress.Loopback, _options.Port);
        if (_options.Channel is not null)
        {
            return await Factory(Interlocked.Increment(ref _connectCount) - 1).ConnectAsync(remote);
        }

        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(remote);
        return _sockets.Create(socket);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var engine in _engines)
        {
            await engine.DisposeAsync();
        }

        _sockets.Dispose();
    }

    private UtpConnectionFactory Factory(int connection)
    {
        // Open connections take up ids, and so do lingering ones: those of the last 1.5 s of connects.
        var index = _options.Kind switch
        {
            LoadKind.Idle => connection / ConnectionsPerSocket,
            LoadKind.Connect => connection % SocketsThatConnect,
            _ => 0,
        };
        lock (_factories)
        {
            while (_factories.Count <= index)
            {
                var client = new UtpClientOptions();
                NewEngine(out var transport).DefaultOptions.CopyTo(client);
                _factories.Add(new UtpConnectionFactory(_engines[^1], client));
            }

            return _factories[index];
        }
    }

    private UtpEngine NewEngine(out UtpTransportOptions transport)
    {
        transport = new UtpTransportOptions();
        _options.ApplyTo(transport);
        var engine = new UtpEngine(Options.Create(transport), NullLoggerFactory.Instance, TimeProvider.System);
        _engines.Add(engine);
        return engine;
    }
}

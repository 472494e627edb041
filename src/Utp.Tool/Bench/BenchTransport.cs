using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Utp.Transport.Connections;
using Utp.Transport.Engine;
using Utp.Transport.Standalone;

namespace Utp.Tool.Bench;

/// <summary>A transport to measure. The same code drives the connections of each.</summary>
internal abstract class BenchTransport : IAsyncDisposable
{
    public abstract string Name { get; }

    public static BenchTransport Create(bool isUtp, UtpTransportOptions options) => isUtp ? new UtpBenchTransport(options) : new TcpBenchTransport();

    public abstract ValueTask<IConnectionListener> BindAsync(UtpEndPoint local, CancellationToken cancellationToken);

    public abstract ValueTask<ConnectionContext> ConnectAsync(UtpEndPoint remote, CancellationToken cancellationToken);

    public abstract ValueTask DisposeAsync();
}

internal sealed class UtpBenchTransport : BenchTransport
{
    private readonly UtpEngine _engine;
    private readonly UtpConnectionListenerFactory _listeners;
    private readonly UtpConnectionFactory _clients;

    public UtpBenchTransport(UtpTransportOptions options)
    {
        _engine = StandaloneEngine.Create(StandaloneEngine.Check(new UtpEngineOptions { Transport = options }), options.LingerTimeout);
        _listeners = new UtpConnectionListenerFactory(_engine, Options.Create(options));
        var client = new UtpClientOptions();
        options.CopyTo(client);
        _clients = new UtpConnectionFactory(_engine, client);
    }

    public override string Name => "utp";

    public override ValueTask<IConnectionListener> BindAsync(UtpEndPoint local, CancellationToken cancellationToken) =>
        _listeners.BindAsync(local, cancellationToken);

    public override ValueTask<ConnectionContext> ConnectAsync(UtpEndPoint remote, CancellationToken cancellationToken) =>
        _clients.ConnectAsync(remote, cancellationToken);

    public override ValueTask DisposeAsync() => _engine.DisposeAsync();
}

/// <summary>Kestrel's own TCP transport, with its own defaults.</summary>
internal sealed class TcpBenchTransport : BenchTransport
{
    private readonly SocketTransportFactory _listeners = new(Options.Create(new SocketTransportOptions()), NullLoggerFactory.Instance);
    private readonly SocketConnectionContextFactory _clients = new(new SocketConnectionFactoryOptions(), NullLogger.Instance);

    public override string Name => "tcp";

    public override async ValueTask<IConnectionListener> BindAsync(UtpEndPoint local, CancellationToken cancellationToken) =>
        await _listeners.BindAsync(await Addresses.ResolveAsync(local, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    public override async ValueTask<ConnectionContext> ConnectAsync(UtpEndPoint remote, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            EndPoint target = remote.IPEndPoint is { } known ? known : new DnsEndPoint(remote.Host, remote.Port);
            await socket.ConnectAsync(target, cancellationToken).ConfigureAwait(false);
            return _clients.Create(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public override ValueTask DisposeAsync()
    {
        _clients.Dispose();
        return ValueTask.CompletedTask;
    }
}

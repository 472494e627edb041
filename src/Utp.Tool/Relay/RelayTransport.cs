using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using Utp.Transport.Connections;
using Utp.Transport.Engine;
using Utp.Transport.Standalone;

namespace Utp.Tool.Relay;

/// <summary>The uTP of a relay: one engine, also for a relay from uTP to uTP, so that one trace has both sides.</summary>
internal sealed class RelayTransport : IAsyncDisposable
{
    /// <summary>The maximum number of connections of one relay to a uTP target.</summary>
    private const int MaxConnections = 60_000;

    private readonly UtpEngine _engine;
    private readonly UtpConnectionListenerFactory _listeners;
    private readonly UtpConnectionFactory _clients;

    /// <summary>No socket is opened, and no trace, before the first use.</summary>
    public RelayTransport(UtpTransportOptions options)
    {
        _engine = StandaloneEngine.Create(StandaloneEngine.Check(new UtpEngineOptions { Transport = options }), options.LingerTimeout);
        _listeners = new UtpConnectionListenerFactory(_engine, Options.Create(options));
        var client = new UtpClientOptions { MaxConnections = MaxConnections };
        options.CopyTo(client);
        _clients = new UtpConnectionFactory(_engine, client);
    }

    public async ValueTask<IRelayListener> BindAsync(UtpEndPoint local, CancellationToken cancellationToken) =>
        new UtpRelayListener(this, await _listeners.BindAsync(local, cancellationToken).ConfigureAwait(false));

    public async ValueTask<UtpStream> AcceptAsync(IConnectionListener listener, CancellationToken cancellationToken) =>
        new(await listener.AcceptAsync(cancellationToken).ConfigureAwait(false) ?? throw new ObjectDisposedException(nameof(IConnectionListener)));

    public async ValueTask<UtpStream> ConnectAsync(UtpEndPoint remote, CancellationToken cancellationToken) =>
        new(await _clients.ConnectAsync(remote, cancellationToken).ConfigureAwait(false));

    public ValueTask DisposeAsync() => _engine.DisposeAsync();
}

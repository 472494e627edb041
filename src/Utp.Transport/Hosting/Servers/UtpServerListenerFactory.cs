using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Utp.Transport.Connections;
using Utp.Transport.Diagnostics;
using Utp.Transport.Engine;

namespace Utp.Transport.Hosting.Servers;

/// <summary>The listener factory for hosts: gives each listener its endpoint's options, and announces where it listens.</summary>
internal sealed class UtpServerListenerFactory(
    UtpEngine engine,
    IOptions<UtpTransportOptions> options,
    UtpServerAddresses addresses,
    ILoggerFactory loggerFactory) : IUtpConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private readonly UtpConnectionListenerFactory _factory = new(engine, options);
    private readonly ILogger _logger = loggerFactory.CreateLogger(UtpLog.TransportCategory);

    public bool CanBind(EndPoint endpoint) => _factory.CanBind(endpoint);

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        BindAsync(endpoint, (endpoint as UtpEndPoint)?.ListenerOptions, cancellationToken);

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endPoint, UtpListenerOptions? options, CancellationToken cancellationToken)
    {
        var listener = await _factory.BindAsync(endPoint, options, cancellationToken).ConfigureAwait(false);
        var bound = listener.EndPoint as UtpEndPoint ?? new UtpEndPoint((IPEndPoint)listener.EndPoint);
        UtpLog.NowListening(_logger, bound.ToUriString());
        return new AnnouncedListener(listener, addresses.Add(endPoint as UtpEndPoint ?? bound, bound));
    }

    private sealed class AnnouncedListener(IConnectionListener listener, IDisposable announcement) : IConnectionListener, IUtpRateLimited
    {
        public IUtpRateLimits RateLimits => ((IUtpRateLimited)listener).RateLimits;

        public EndPoint EndPoint => listener.EndPoint;

        public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) => listener.AcceptAsync(cancellationToken);

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            announcement.Dispose();
            return listener.UnbindAsync(cancellationToken);
        }

        public ValueTask DisposeAsync()
        {
            announcement.Dispose();
            return listener.DisposeAsync();
        }
    }
}

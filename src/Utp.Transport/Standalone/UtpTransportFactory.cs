using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Utp.Transport.Connections;
using Utp.Transport.Engine;
using Utp.Transport.Hosting.Servers;
using Utp.Transport.Options;
using Utp.Transport.Standalone;

namespace Utp.Transport;

/// <summary>
/// The transport for frameworks that create their connection factories themselves, by type, as <c>Listen&lt;TFactory&gt;</c> of Bedrock.Framework
/// does, or that take instances, as Orleans does. It binds listeners and opens connections. Programs with <c>AddUtp</c> need it only for these.
/// </summary>
/// <remarks>
/// It accepts <see cref="UtpEndPoint"/>, <see cref="IPEndPoint"/> and <see cref="DnsEndPoint"/>. A listener that was asked for with an
/// <see cref="IPEndPoint"/> reports one.
/// </remarks>
public sealed class UtpTransportFactory : IUtpConnectionListenerFactory, IUtpConnectionFactory, IConnectionListenerFactorySelector, IAsyncDisposable
{
    private readonly UtpEngine? _ownEngine;
    private readonly Func<UtpEndPoint, UtpListenerOptions?, CancellationToken, ValueTask<IConnectionListener>> _bind;
    private readonly IUtpConnectionFactory _connections;

    /// <summary>
    /// Initializes a factory. If the services have <c>AddUtp</c>, it uses their engine, options and default client. Otherwise it has an engine of its own,
    /// with default options and the loggers and the clock of the services.
    /// </summary>
    /// <param name="services">The services; null gives an engine of its own without loggers.</param>
    [ActivatorUtilitiesConstructor]
#pragma warning disable RS0026, RS0027 // The interfaces have these overloads, and a factory that is created without services must find a constructor.
    public UtpTransportFactory(IServiceProvider? services = null)
    {
        if (services?.GetService<UtpServerListenerFactory>() is { } listeners)
        {
            _bind = (endPoint, options, cancellationToken) => listeners.BindAsync(endPoint, options ?? endPoint.ListenerOptions, cancellationToken);
            _connections = services.GetRequiredService<IUtpConnectionFactory>();
        }
        else
        {
            var engine = new UtpEngineOptions
            {
                LoggerFactory = services?.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance,
                TimeProvider = services?.GetService<TimeProvider>() ?? TimeProvider.System,
            };
            (_ownEngine, _bind, _connections) = CreateOwn(engine);
        }
    }

    /// <summary>Initializes a factory with an engine of its own.</summary>
    /// <param name="engine">Options of the sockets and of all connections, loggers and clock.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of bounds; the message names it and what is allowed.</exception>
    public UtpTransportFactory(UtpEngineOptions engine)
    {
        ArgumentNullException.ThrowIfNull(engine);
        (_ownEngine, _bind, _connections) = CreateOwn(engine);
    }

    /// <summary>Gets the rate limits that the connections opened by the factory share. Listeners have their own.</summary>
    public IUtpRateLimits RateLimits => _connections.RateLimits;

    /// <inheritdoc />
    public bool CanBind(EndPoint endpoint) => endpoint is UtpEndPoint;

    /// <inheritdoc />
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        BindAsync(endpoint, null, cancellationToken);

    /// <inheritdoc />
    public async ValueTask<IConnectionListener> BindAsync(EndPoint endPoint, UtpListenerOptions? options, CancellationToken cancellationToken = default)
    {
        var listener = await _bind(StandaloneEngine.ToUtpEndPoint(endPoint), options, cancellationToken).ConfigureAwait(false);
        return endPoint is IPEndPoint && listener.EndPoint is UtpEndPoint { IPEndPoint: { } bound } ? new IPListener(listener, bound) : listener;
    }

    /// <inheritdoc />
    public ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        _connections.ConnectAsync(endpoint, cancellationToken);

    /// <inheritdoc />
    public ValueTask<ConnectionContext> ConnectAsync(EndPoint endPoint, UtpConnectionOptions? options, CancellationToken cancellationToken = default) =>
        _connections.ConnectAsync(endPoint, options, cancellationToken);
#pragma warning restore RS0026, RS0027

    /// <summary>
    /// Closes the connections and sockets of the factory's own engine, as disposing a <see cref="UtpClient"/> does. An engine of <c>AddUtp</c> continues.
    /// </summary>
    /// <returns>Completes when the sockets are closed.</returns>
    public ValueTask DisposeAsync() => _ownEngine?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static (UtpEngine Engine, Func<UtpEndPoint, UtpListenerOptions?, CancellationToken, ValueTask<IConnectionListener>> Bind,
        IUtpConnectionFactory Connections) CreateOwn(UtpEngineOptions options)
    {
        var checkedOptions = StandaloneEngine.Check(options);
        var engine = StandaloneEngine.Create(checkedOptions, checkedOptions.Transport.LingerTimeout);
        var listeners = new UtpConnectionListenerFactory(engine, Microsoft.Extensions.Options.Options.Create(checkedOptions.Transport));
        var client = OptionSnapshot.TakeMerged(OptionKeys.Client, new UtpClientOptions(), checkedOptions.Transport, nameof(options));
        return (engine, listeners.BindAsync, new UtpConnectionFactory(engine, client));
    }

    /// <summary>Reports its address as an IP endpoint, for callers that bind IP endpoints and expect them back.</summary>
    private sealed class IPListener(IConnectionListener listener, IPEndPoint bound) : IConnectionListener, IUtpRateLimited
    {
        public IUtpRateLimits RateLimits => ((IUtpRateLimited)listener).RateLimits;

        public EndPoint EndPoint => bound;

        public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) => listener.AcceptAsync(cancellationToken);

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => listener.UnbindAsync(cancellationToken);

        public ValueTask DisposeAsync() => listener.DisposeAsync();
    }
}

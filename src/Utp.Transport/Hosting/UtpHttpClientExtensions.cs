using System.Net.Http;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Options;
using Utp.Transport;
using Utp.Transport.Hosting.Clients;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>HTTP over uTP for <see cref="HttpClient"/>.</summary>
public static class UtpHttpClientExtensions
{
    /// <summary>
    /// Makes the clients of this builder connect over uTP: <c>http://host:port/</c> connects to UDP port <c>port</c>, and <c>https://</c> adds TLS.
    /// They use the uTP client that has the same name as the HTTP client, or else the default one, and no proxies. For HTTP/2 without TLS set
    /// cref="HttpClient.DefaultRequestVersion"/> to 2.0 and <see cref="HttpClient.DefaultVersionPolicy"/> to exact. A failure to connect is an
    /// <see cref="HttpRequestException"/>.
    /// </summary>
    /// <remarks>
    /// The order of calls on the builder does not matter. The application's own primary handler is kept if it is a
    /// <see cref="SocketsHttpHandler"/> without a <see cref="SocketsHttpHandler.ConnectCallback"/>, or delegates to one. With any other handler
    /// the creation of the client fails with an <see cref="InvalidOperationException"/>. When the uTP client has a maximum
    /// (<see cref="UtpClientOptions.MaxConnections"/>), requests beyond it wait: it bounds
    /// <see cref="SocketsHttpHandler.MaxConnectionsPerServer"/>. Because it holds for all hosts together, the handler keeps unused connections
    /// for 3 seconds, unless <see cref="SocketsHttpHandler.PooledConnectionIdleTimeout"/> differs from its default.
    /// </remarks>
    /// <param name="builder">The builder of the HTTP client. This method calls <c>AddUtp</c> if the program has not.</param>
    /// <returns>The builder.</returns>
    public static IHttpClientBuilder OverUtp(this IHttpClientBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return AddOverUtp(builder, null);
    }

    /// <summary>
    /// Makes the clients of this builder connect over uTP, as <see cref="OverUtp(IHttpClientBuilder)"/> does, through a uTP client of the caller's
    /// choice.
    /// </summary>
    /// <param name="builder">The builder of the HTTP client.</param>
    /// <param name="clientName">The name of a client of <c>AddClient</c> or <c>Utp:Clients</c>; with an unknown name the first request fails.</param>
    /// <returns>The builder.</returns>
    public static IHttpClientBuilder OverUtp(this IHttpClientBuilder builder, string clientName)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(clientName);
        return AddOverUtp(builder, clientName);
    }

    /// <summary>
    /// Makes a handler connect over uTP, for APIs that take a handler instead of a client: gRPC channels, SignalR connections,
    /// <see cref="System.Net.WebSockets.ClientWebSocket"/>. Sets <see cref="SocketsHttpHandler.ConnectCallback"/> and switches proxies off. Requests
    /// beyond the <see cref="UtpClientOptions.MaxConnections"/> of the factory's client wait, as with <see cref="OverUtp(IHttpClientBuilder)"/>.
    /// </summary>
    /// <param name="handler">The handler, not yet used.</param>
    /// <param name="factory">Usually the injected <see cref="IUtpConnectionFactory"/>.</param>
    /// <returns>The handler.</returns>
    /// <exception cref="InvalidOperationException">The handler has another <see cref="SocketsHttpHandler.ConnectCallback"/>, or has been used.</exception>
    public static SocketsHttpHandler OverUtp(this SocketsHttpHandler handler, IConnectionFactory factory)
    {
        ArgumentNullException.ThrowIfNull(handler);
        ArgumentNullException.ThrowIfNull(factory);
        UtpHttpHandler.Configure(handler, factory);
        return handler;
    }

    private static IHttpClientBuilder AddOverUtp(IHttpClientBuilder builder, string? clientName)
    {
        builder.Services.AddUtp();
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IHttpMessageHandlerBuilderFilter, UtpHttpHandlerFilter>());

        // The name is null for ConfigureHttpClientDefaults; the options then apply to every name.
        builder.Services.AddSingleton<IConfigureOptions<UtpHttpClientOptions>>(new ConfigureNamedOptions<UtpHttpClientOptions>(
            builder.Name,
            options => (options.IsOverUtp, options.ClientName) = (true, clientName ?? options.ClientName)));
        return builder;
    }
}

using System.Net.Http;
using Microsoft.AspNetCore.Connections;
using Utp.Transport;
using Utp.Transport.Hosting.Clients;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>HTTP over uTP for <see cref="HttpClient"/>.</summary>
public static class UtpHttpClientExtensions
{
    /// <summary>
    /// Makes the clients of this builder connect over uTP: <c>http://host:port/</c> dials UDP port <c>port</c>, and <c>https://</c> adds TLS.
    /// The uTP client that has the same name as the HTTP client is used, or else the default one. Proxies are not used. For HTTP/2 without
    /// TLS set <see cref="HttpClient.DefaultRequestVersion"/> to 2.0 and <see cref="HttpClient.DefaultVersionPolicy"/> to exact. Failures to
    /// connect surface as <see cref="HttpRequestException"/>.
    /// </summary>
    /// <param name="builder">The builder of the HTTP client. <c>AddUtp</c> is called when nobody has.</param>
    /// <returns>The builder.</returns>
    public static IHttpClientBuilder OverUtp(this IHttpClientBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddUtp();
        return builder.UseSocketsHttpHandler((handler, services) => UtpHttpHandler.Configure(
            handler,
            services.GetRequiredService<UtpClientFactory>().Find(builder.Name) ?? services.GetRequiredService<IUtpConnectionFactory>()));
    }

    /// <summary>Makes the clients of this builder connect over uTP, as <see cref="OverUtp(IHttpClientBuilder)"/> does, through a uTP client of the caller's choice.</summary>
    /// <param name="builder">The builder of the HTTP client.</param>
    /// <param name="clientName">The name of a client that <c>AddClient</c> or <c>Utp:Clients</c> knows; an unknown one fails the first request.</param>
    /// <returns>The builder.</returns>
    public static IHttpClientBuilder OverUtp(this IHttpClientBuilder builder, string clientName)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(clientName);
        builder.Services.AddUtp();
        return builder.UseSocketsHttpHandler((handler, services) =>
            UtpHttpHandler.Configure(handler, services.GetRequiredService<IUtpClientFactory>().CreateClient(clientName)));
    }

    /// <summary>
    /// Makes a handler connect over uTP, for what takes a handler rather than a client: gRPC channels, SignalR connections,
    /// <see cref="System.Net.WebSockets.ClientWebSocket"/>. Sets <see cref="SocketsHttpHandler.ConnectCallback"/> and switches proxies off.
    /// </summary>
    /// <param name="handler">The handler, not yet used.</param>
    /// <param name="factory">Usually the injected <see cref="IUtpConnectionFactory"/>.</param>
    /// <returns>The handler.</returns>
    public static SocketsHttpHandler OverUtp(this SocketsHttpHandler handler, IConnectionFactory factory)
    {
        ArgumentNullException.ThrowIfNull(handler);
        ArgumentNullException.ThrowIfNull(factory);
        UtpHttpHandler.Configure(handler, factory);
        return handler;
    }
}

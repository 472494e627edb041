using System.Net.Http;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Options;

namespace Utp.Transport.Hosting.Clients;

/// <summary>The settings that <c>OverUtp()</c> made, by the name of the HTTP client.</summary>
internal sealed class UtpHttpClientOptions
{
    /// <summary>Whether the client connects over uTP.</summary>
    public bool IsOverUtp { get; set; }

    /// <summary>The uTP client to use; null for the one of the same name, or else the default one.</summary>
    public string? ClientName { get; set; }
}

/// <summary>
/// Makes the handlers of HTTP clients connect over uTP after everything else has configured them. So the order of calls on the builder does not
/// matter: the application's own handler is not dropped, and no request goes over TCP unnoticed.
/// </summary>
internal sealed class UtpHttpHandlerFilter(IOptionsMonitor<UtpHttpClientOptions> options, IServiceProvider services) : IHttpMessageHandlerBuilderFilter
{
    public Action<HttpMessageHandlerBuilder> Configure(Action<HttpMessageHandlerBuilder> next) => builder =>
    {
        next(builder);
        var client = builder.Name ?? string.Empty;
        if (options.Get(client) is { IsOverUtp: true } wanted)
        {
            Configure(client, builder.PrimaryHandler, FactoryOf(client, wanted));
        }
    };

    private static void Configure(string client, HttpMessageHandler primary, IConnectionFactory factory)
    {
        var handler = primary;
        while (handler is DelegatingHandler { InnerHandler: { } inner })
        {
            handler = inner;
        }

        if (handler is not SocketsHttpHandler sockets)
        {
            throw new InvalidOperationException(
                    $"The HTTP client '{client}' is set to connect over uTP (OverUtp), but its primary handler is a {handler.GetType().Name}, which cannot. "
                + "Configure a SocketsHttpHandler in its place (UseSocketsHttpHandler, or ConfigurePrimaryHttpMessageHandler with a new SocketsHttpHandler), "
                + "or do not call OverUtp().");
        }

        try
        {
            UtpHttpHandler.Configure(sockets, factory);
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidOperationException($"The HTTP client '{client}' cannot connect over uTP: {e.Message}", e);
        }
    }

    private IConnectionFactory FactoryOf(string client, UtpHttpClientOptions wanted) =>
        wanted.ClientName is { } name
            ? services.GetRequiredService<IUtpConnectionFactoryProvider>().GetFactory(name)
            : services.GetRequiredService<UtpConnectionFactoryProvider>().Find(client) ?? services.GetRequiredService<IUtpConnectionFactory>();
}

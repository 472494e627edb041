using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Utp.Transport.Diagnostics;

namespace Utp.Transport.AspNetCore;

/// <summary>
/// Keeps Kestrel's URLs when uTP endpoints are configured. Kestrel ignores its URLs (<c>ASPNETCORE_URLS</c>, <c>--urls</c>, <c>app.Urls</c>, the
/// default address) as soon as it has any endpoint. When the only endpoints are uTP endpoints from the configuration, this class turns those URLs
/// into endpoints too. It is a startup filter, because that runs when the URLs are known and Kestrel has not bound yet.
/// </summary>
internal sealed class ServerUrlsFilter(
    IOptions<KestrelServerOptions> kestrel,
    HttpEndpoints endpoints,
    ILoggerFactory loggerFactory) : IStartupFilter
{
    private const string DefaultUrl = "http://localhost:5000";

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        if (app.ServerFeatures.Get<IServerAddressesFeature>() is { PreferHostingUrls: false } addresses
            && endpoints.Sections.Any()
            && OnlyConfiguredUtp(kestrel.Value))
        {
            Keep(addresses.Addresses);
        }

        next(app);
    };

    private static bool OnlyConfiguredUtp(KestrelServerOptions options) =>
        KestrelInternals.TryGetEndpointsInCode(options, out var inCode)
        && inCode.All(listen => listen.EndPoint is UtpEndPoint { ListenerName: not null })
        && !(options.ConfigurationLoader?.Configuration.GetSection("Endpoints").GetChildren().Any() ?? false);

    private static void Listen(KestrelServerOptions options, BindingAddress url)
    {
        var https = string.Equals(url.Scheme, Uri.UriSchemeHttps, StringComparison.OrdinalIgnoreCase);
        if ((!https && !string.Equals(url.Scheme, Uri.UriSchemeHttp, StringComparison.OrdinalIgnoreCase)) || url.PathBase.Length > 0)
        {
            throw new InvalidOperationException(
                $"'{url}' is not an address that Kestrel can bind. Expected http://HOST:PORT or https://HOST:PORT; uTP addresses belong under Utp:Endpoints.");
        }

        Action<ListenOptions> configure = https ? listen => listen.UseHttps() : _ => { };
        if (url.IsUnixPipe)
        {
            options.ListenUnixSocket(url.UnixPipePath, configure);
        }
        else if (url.IsNamedPipe)
        {
            options.ListenNamedPipe(url.NamedPipeName, configure);
        }
        else if (string.Equals(url.Host, "localhost", StringComparison.OrdinalIgnoreCase))
        {
            options.ListenLocalhost(url.Port, configure);
        }
        else if (System.Net.IPAddress.TryParse(url.Host, out var address))
        {
            options.Listen(address, url.Port, configure);
        }
        else
        {
            options.ListenAnyIP(url.Port, configure);
        }
    }

    private void Keep(ICollection<string> addresses)
    {
        string[] urls = addresses.Count == 0 ? [DefaultUrl] : [.. addresses];
        foreach (var url in urls)
        {
            Listen(kestrel.Value, BindingAddress.Parse(url));
        }

        // Kestrel fills in the addresses that it has bound; if the list stayed as it is, Kestrel would warn that the addresses are overridden.
        addresses.Clear();
        UtpLog.ServerUrlsKept(loggerFactory.CreateLogger(UtpLog.TransportCategory), string.Join(", ", urls));
    }
}

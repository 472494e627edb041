using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Utp.Transport.Diagnostics;

namespace Utp.Transport.AspNetCore;

/// <summary>
/// Completes what Kestrel does with its URLs (<c>ASPNETCORE_URLS</c>, <c>--urls</c>, <c>app.Urls</c>, the default address). Kestrel refuses
/// <c>utp://</c> among them: this class makes uTP endpoints of these. And Kestrel ignores its URLs as soon as it has any endpoint: when the only
/// endpoints are uTP endpoints from the configuration or from URLs, this class turns the other URLs into endpoints too. It is a startup filter,
/// because that runs when the URLs are known and Kestrel has not bound yet.
/// </summary>
internal sealed class ServerUrlsFilter(
    IOptions<KestrelServerOptions> kestrel,
    HttpEndpoints endpoints,
    ILoggerFactory loggerFactory) : IStartupFilter
{
    private const string DefaultUrl = "http://localhost:5000";

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        if (app.ServerFeatures.Get<IServerAddressesFeature>() is { } addresses)
        {
            Complete(addresses);
        }

        next(app);
    };

    private static bool IsUtp(string url) => url.StartsWith(UtpEndPoint.Scheme + ':', StringComparison.OrdinalIgnoreCase);

    /// <summary>Gets whether Kestrel has no endpoints but those of <c>Utp:Endpoints</c>.</summary>
    private static bool HasOnlyConfiguredUtp(KestrelServerOptions options) =>
        KestrelInternals.TryGetEndpointsInCode(options, out var inCode)
        && inCode.All(listen => listen.EndPoint is UtpEndPoint { ListenerName: not null })
        && !OwnEndpoints(options.ConfigurationLoader?.Configuration).Any();

    private static IEnumerable<IConfigurationSection> OwnEndpoints(IConfiguration? configuration) => configuration is KestrelConfiguration extended
        ? extended.OwnEndpoints
        : configuration?.GetSection("Endpoints").GetChildren() ?? [];

    private static void ListenUtp(KestrelServerOptions options, string url)
    {
        if (!UtpEndPoint.TryParse(url, out var endPoint))
        {
            throw new InvalidOperationException(
                $"'{url}' in the server's URLs is not a uTP address. Expected utp://HOST:PORT with a port from 0 to 65535, for example utp://0.0.0.0:5000.");
        }

        options.ListenUtpAt(endPoint, static _ => { });
    }

    private static void Listen(KestrelServerOptions options, BindingAddress url)
    {
        var https = string.Equals(url.Scheme, Uri.UriSchemeHttps, StringComparison.OrdinalIgnoreCase);
        if ((!https && !string.Equals(url.Scheme, Uri.UriSchemeHttp, StringComparison.OrdinalIgnoreCase)) || url.PathBase.Length > 0)
        {
            throw new InvalidOperationException(
                $"'{url}' is not an address that Kestrel can bind. Expected http://HOST:PORT, https://HOST:PORT or utp://HOST:PORT.");
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

    private void Complete(IServerAddressesFeature addresses)
    {
        var firstUtp = addresses.Addresses.FirstOrDefault(IsUtp);
        if (addresses.PreferHostingUrls)
        {
            RefuseUtp(firstUtp);
        }
        else if ((firstUtp is not null || endpoints.Any) && HasOnlyConfiguredUtp(kestrel.Value))
        {
            Keep(addresses.Addresses);
        }
    }

    /// <summary>Refuses uTP addresses where URLs replace all endpoints, because then Kestrel binds the URLs itself.</summary>
    private static void RefuseUtp(string? url)
    {
        if (url is not null)
        {
            throw new InvalidOperationException(
                $"'{url}' is among the server's URLs, and PreferHostingUrls lets Kestrel bind these, which knows http:// and https:// only. Remove "
                + "PreferHostingUrls, or configure the address as Utp:Endpoints:NAME:Url and remove it from the URLs.");
        }
    }

    private void Keep(ICollection<string> addresses)
    {
        string[] urls = addresses.Count == 0 ? [DefaultUrl] : [.. addresses];
        foreach (var url in urls)
        {
            if (IsUtp(url))
            {
                ListenUtp(kestrel.Value, url);
            }
            else
            {
                Listen(kestrel.Value, BindingAddress.Parse(url));
            }
        }

        // Kestrel fills in the addresses that it has bound; if the list stayed as it is, Kestrel would warn that the addresses are overridden.
        addresses.Clear();
        if (urls.Where(url => !IsUtp(url)).ToList() is { Count: > 0 } kept)
        {
            UtpLog.ServerUrlsKept(loggerFactory.CreateLogger(UtpLog.TransportCategory), string.Join(", ", kept));
        }
    }
}

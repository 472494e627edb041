using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Utp.Transport.AspNetCore;

/// <summary>
/// Gives Kestrel the endpoints of <c>Utp:Endpoints</c>. After all other configuration of Kestrel, so that its endpoint and HTTPS defaults
/// apply whatever the order in which they were set.
/// </summary>
internal sealed class KestrelEndpointSetup(HttpEndpoints endpoints, IHostEnvironment environment) : IPostConfigureOptions<KestrelServerOptions>
{
    public void PostConfigure(string? name, KestrelServerOptions options)
    {
        foreach (var section in endpoints.Sections)
        {
            var (endPoint, http) = endpoints.Resolve(section);
            if (string.Equals(endPoint.Host, "localhost", StringComparison.OrdinalIgnoreCase))
            {
                options.ListenLocalhost(endPoint, listen => Configure(listen, http));
            }
            else
            {
                options.ListenUtp(endPoint, listen => Configure(listen, http));
            }
        }
    }

    private void Configure(ListenOptions listen, HttpEndpoint http)
    {
        if (http.Protocols is { } protocols)
        {
            listen.Protocols = protocols;
        }

        if (http.Certificate is { } source)
        {
            var (certificate, chain) = source.Load(environment.ContentRootPath);
            listen.UseHttps(https =>
            {
                https.ServerCertificate = certificate;
                https.ServerCertificateChain = chain;
            });
        }
        else if (http.Https)
        {
            listen.UseHttps();
        }
    }
}

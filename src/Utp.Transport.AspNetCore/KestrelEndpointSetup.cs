using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Utp.Transport.AspNetCore;

/// <summary>
/// Adds the endpoints of <c>Utp:Endpoints</c> to Kestrel. It runs after all other configuration of Kestrel, so that Kestrel's endpoint and HTTPS
/// defaults apply in whatever order they were set.
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

using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Utp.Transport.AspNetCore;

/// <summary>
/// Adds the endpoints of <c>Utp:Endpoints</c> to those that Kestrel reads from its configuration. It runs after all other configuration of
/// Kestrel, so that it finds the configuration that Kestrel will use.
/// </summary>
internal sealed class KestrelEndpointSetup(HttpEndpoints endpoints) : IPostConfigureOptions<KestrelServerOptions>
{
    public void PostConfigure(string? name, KestrelServerOptions options)
    {
        Refuse(options.ConfigurationLoader?.Configuration);
        var loader = options.ConfigurationLoader ?? options.Configure(new ConfigurationBuilder().Build(), reloadOnChange: true);
        var configuration = new KestrelConfiguration(loader.Configuration, endpoints.Section, () => Read(loader));
        if (!KestrelInternals.TryReplaceConfiguration(loader, configuration))
        {
            foreach (var endpoint in endpoints.Read())
            {
                options.ListenUtp(endpoint.EndPoint, endpoint.Configure);
            }
        }
    }

    /// <summary>Refuses uTP addresses among Kestrel's own endpoints, for which Kestrel would only say that it does not know the scheme.</summary>
    private static void Refuse(IConfiguration? kestrel)
    {
        string[] complaints =
        [
            .. (kestrel?.GetSection("Endpoints").GetChildren() ?? [])
                .Where(endpoint => endpoint["Url"]?.StartsWith(UtpEndPoint.Scheme + ':', StringComparison.OrdinalIgnoreCase) ?? false)
                .Select(endpoint => $"{endpoint.Path}:Url is '{endpoint["Url"]}', which Kestrel cannot bind. Move the endpoint to "
                    + $"Utp:Endpoints:{endpoint.Key}, where its other keys mean the same."),
        ];
        if (complaints.Length > 0)
        {
            throw new OptionsValidationException(string.Empty, typeof(KestrelServerOptions), complaints);
        }
    }

    private List<IConfigurationSection> Read(KestrelConfigurationLoader loader)
    {
        var sections = new List<IConfigurationSection>();
        foreach (var endpoint in endpoints.Read())
        {
            loader.Endpoint(endpoint.Section.Key, endpoint.Configure);
            sections.Add(endpoint.Section);
        }

        return sections;
    }
}

using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Utp.Transport.Hosting.Configuration;

namespace Utp.Transport.AspNetCore;

/// <summary>The configured uTP endpoints that Kestrel serves. Each use reads the configuration as it is then.</summary>
internal sealed class HttpEndpoints(UtpListenerEndpoints endpoints, UtpConfiguration configuration, IHostEnvironment environment)
{
    /// <summary>Gets the section <c>Utp</c>; null when the program has no configuration.</summary>
    public IConfiguration? Section => configuration.Section;

    public bool Any => endpoints.ForHttp.Any();

    /// <summary>Reports mistakes in the keys for Kestrel; the transport checks the others.</summary>
    public IReadOnlyList<string> Check()
    {
        var complaints = new List<string>();
        foreach (var section in endpoints.ForHttp)
        {
            HttpEndpoint.Read(section, complaints);
        }

        return complaints;
    }

    /// <summary>Reads every endpoint.</summary>
    /// <exception cref="OptionsValidationException">A section is wrong.</exception>
    /// <exception cref="InvalidOperationException">A certificate cannot be loaded.</exception>
    public IReadOnlyList<ConfiguredEndpoint> Read() => [.. endpoints.ForHttp.SelectMany(Read)];

    private IEnumerable<ConfiguredEndpoint> Read(IConfigurationSection section)
    {
        var endPoint = endpoints.Resolve(section);
        var complaints = new List<string>();
        var http = HttpEndpoint.Read(section, complaints);
        if (complaints.Count > 0)
        {
            throw new OptionsValidationException(section.Key, typeof(UtpListenerOptions), complaints);
        }

        foreach (var bound in KestrelServerOptionsUtpExtensions.WithLoopbackAddresses(endPoint))
        {
            var endpoint = new ConfiguredEndpoint(section, bound, http, environment.ContentRootPath);
            endpoint.CheckCertificates();
            yield return endpoint;
        }
    }
}

/// <summary>Reports mistakes in the HTTP keys of endpoints together with all others under <c>Utp</c>.</summary>
internal sealed class HttpEndpointValidation(HttpEndpoints endpoints) : IValidateOptions<UtpStartupChecks>
{
    public ValidateOptionsResult Validate(string? name, UtpStartupChecks options)
    {
        var complaints = endpoints.Check();
        return complaints.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(complaints);
    }
}

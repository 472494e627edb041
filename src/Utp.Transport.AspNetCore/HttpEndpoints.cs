using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Utp.Transport.Hosting.Configuration;

namespace Utp.Transport.AspNetCore;

/// <summary>The configured uTP endpoints that Kestrel serves.</summary>
internal sealed class HttpEndpoints(UtpListenerEndpoints endpoints)
{
    public IEnumerable<IConfigurationSection> Sections => endpoints.ForHttp;

    /// <summary>Reports mistakes in the keys for Kestrel; the transport checks the others.</summary>
    public IReadOnlyList<string> Check()
    {
        var complaints = new List<string>();
        foreach (var section in Sections)
        {
            HttpEndpoint.Read(section, complaints);
        }

        return complaints;
    }

    /// <exception cref="OptionsValidationException">The section is wrong.</exception>
    public (UtpEndPoint EndPoint, HttpEndpoint Http) Resolve(IConfigurationSection section)
    {
        var endPoint = endpoints.Resolve(section);
        var complaints = new List<string>();
        var http = HttpEndpoint.Read(section, complaints);
        return complaints.Count == 0
            ? (endPoint, http)
            : throw new OptionsValidationException(section.Key, typeof(UtpListenerOptions), complaints);
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

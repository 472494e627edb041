using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Utp.Transport.Hosting.Servers;
using Utp.Transport.Options;

namespace Utp.Transport.Hosting.Configuration;

/// <summary>Reads <c>Utp:Endpoints</c>: where listeners bind, with which options, and which server serves them.</summary>
internal sealed class UtpListenerEndpoints(
    UtpConfiguration configuration,
    IOptionsFactory<UtpListenerOptions> options,
    IEnumerable<UtpListenerRegistration> registrations,
    IEnumerable<UtpHttpServerMarker> httpServers)
{
    private const string ExpectedUrl = "utp://HOST:PORT with a port from 0 to 65535, for example utp://0.0.0.0:5000 or utp://[::]:5000";

    /// <summary>The configured endpoints that an HTTP server serves: those that no <c>AddListener</c> names.</summary>
    public IEnumerable<IConfigurationSection> ForHttp => configuration.Endpoints.Where(section => !IsRegistered(section.Key));

    /// <summary>The configured endpoints, by key and name, that nothing in this program serves.</summary>
    public IEnumerable<(string Key, string Name)> NotServed =>
        httpServers.Any() ? [] : ForHttp.Select(section => (section.Path, section.Key));

    /// <summary>The names of all listeners: those that the configuration has, and those of <c>AddListener</c>.</summary>
    public IEnumerable<string> Names =>
        configuration.Endpoints.Select(section => section.Key).Concat(registrations.Select(registration => registration.Name))
            .Distinct(StringComparer.OrdinalIgnoreCase);

    public string UrlKey(string name) => $"{configuration.EndpointPath(name)}:{OptionKeys.Url}";

    /// <summary>Gets the endpoint of a listener: the configured one, or else the one given in code.</summary>
    /// <exception cref="OptionsValidationException">The endpoint is neither configured nor given, or the configuration is wrong.</exception>
    public UtpEndPoint Resolve(UtpListenerRegistration registration)
    {
        if (CheckUrl(registration) is { } complaint)
        {
            throw new OptionsValidationException(registration.Name, typeof(UtpListenerOptions), [complaint]);
        }

        var configured = configuration.FindEndpoint(registration.Name)?[OptionKeys.Url];
        return Named(configured is null ? registration.EndPoint! : UtpEndPoint.Parse(configured), registration.Name);
    }

    /// <summary>Gets the endpoint of a section.</summary>
    /// <exception cref="OptionsValidationException">The configuration is wrong.</exception>
    public UtpEndPoint Resolve(IConfigurationSection section)
    {
        if (CheckUrl(section) is { } complaint)
        {
            throw new OptionsValidationException(section.Key, typeof(UtpListenerOptions), [complaint]);
        }

        return Named(UtpEndPoint.Parse(section[OptionKeys.Url]!), section.Key);
    }

    /// <summary>Reports every wrong endpoint, including the listeners of <c>AddListener</c>.</summary>
    public IEnumerable<string> Check()
    {
        foreach (var section in configuration.Endpoints)
        {
            foreach (var complaint in CheckOptions(section.Key))
            {
                yield return complaint;
            }
        }

        foreach (var complaint in ForHttp.Select(CheckUrl).OfType<string>())
        {
            yield return complaint;
        }

        foreach (var registration in registrations)
        {
            if (CheckUrl(registration) is { } complaint)
            {
                yield return complaint;
            }

            foreach (var misplaced in CheckHttpKeys(registration.Name))
            {
                yield return misplaced;
            }
        }
    }

    private static string? CheckUrl(IConfigurationSection section)
    {
        var url = section[OptionKeys.Url];
        if (string.IsNullOrWhiteSpace(url))
        {
            return $"{section.Path}:{OptionKeys.Url} is missing. Expected {ExpectedUrl}.";
        }

        if (UtpEndPoint.TryParse(url, out _))
        {
            return null;
        }

        var hint = url.StartsWith("http", StringComparison.OrdinalIgnoreCase)
            ? " (HTTP over TCP belongs under Kestrel:Endpoints; for HTTPS over uTP write utp:// here and set Https to true)"
            : string.Empty;
        return $"{section.Path}:{OptionKeys.Url} is '{url}'. Expected {ExpectedUrl}{hint}.";
    }

    private string? CheckUrl(UtpListenerRegistration registration)
    {
        var section = configuration.FindEndpoint(registration.Name);
        if (registration.EndPoint is not null && string.IsNullOrWhiteSpace(section?[OptionKeys.Url]))
        {
            return null;
        }

        return section is not null ? CheckUrl(section) : NotConfigured(registration.Name);
    }

    private string NotConfigured(string name)
    {
        var configured = configuration.Endpoints.Select(section => section.Key).ToArray();
        return $"Listener '{name}' has no endpoint: {UrlKey(name)} is not configured, and AddListener was given none. "
            + (configured.Length == 0 ? "No endpoint is configured at all." : $"Configured are: {string.Join(", ", configured)}.");
    }

    private IEnumerable<string> CheckOptions(string name)
    {
        try
        {
            options.Create(name);
            return [];
        }
        catch (OptionsValidationException exception)
        {
            return exception.Failures;
        }
    }

    private IEnumerable<string> CheckHttpKeys(string name) =>
        configuration.FindEndpoint(name)?.GetChildren()
            .Where(child => OptionKeys.Http.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
            .Select(child => $"{child.Path} is for endpoints that Kestrel serves, but '{name}' is served by AddListener. Remove the key.") ?? [];

    private bool IsRegistered(string name) =>
        registrations.Any(registration => string.Equals(registration.Name, name, StringComparison.OrdinalIgnoreCase));

    private UtpEndPoint Named(UtpEndPoint endPoint, string name) => endPoint.WithListener(name, options.Create(name));
}

using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace Utp.Transport.AspNetCore;

/// <summary>
/// A section of <c>Utp:Endpoints</c> as Kestrel reads it: its URL is one that Kestrel can parse, and its name is the whole key, so that it differs
/// from the names under <c>Kestrel:Endpoints</c> and stands in Kestrel's messages.
/// </summary>
internal sealed class UtpEndpointSection(IConfigurationSection section, string name, string url) : IConfigurationSection
{
    private const string UrlKey = "Url";

    public string Key => name;

    public string Path => section.Path;

    public string? Value
    {
        get => section.Value;
        set => section.Value = value;
    }

    public string? this[string key]
    {
        get => string.Equals(key, UrlKey, StringComparison.OrdinalIgnoreCase) ? url : section[key];
        set => section[key] = value;
    }

    public IConfigurationSection GetSection(string key) => section.GetSection(key);

    public IEnumerable<IConfigurationSection> GetChildren() => section.GetChildren();

    public IChangeToken GetReloadToken() => section.GetReloadToken();
}

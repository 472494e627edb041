using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace Utp.Transport.AspNetCore;

/// <summary>
/// Kestrel's configuration, with uTP endpoints added to its <c>Endpoints</c>. Kestrel reads it at the start and after each change, so that it
/// binds, moves and unbinds uTP endpoints as it does its own.
/// </summary>
/// <param name="kestrel">The section <c>Kestrel</c>, or the one that the application has given to Kestrel.</param>
/// <param name="utp">The section <c>Utp</c>; null when the program has no configuration.</param>
/// <param name="endpoints">Reads the uTP endpoints in the form that Kestrel understands.</param>
internal sealed class KestrelConfiguration(IConfiguration kestrel, IConfiguration? utp, Func<IEnumerable<IConfigurationSection>> endpoints) : IConfiguration
{
    private const string EndpointsKey = "Endpoints";

    /// <summary>Gets the endpoints that are Kestrel's own.</summary>
    public IEnumerable<IConfigurationSection> OwnEndpoints => kestrel.GetSection(EndpointsKey).GetChildren();

    public string? this[string key]
    {
        get => kestrel[key];
        set => kestrel[key] = value;
    }

    public IConfigurationSection GetSection(string key) =>
        string.Equals(key, EndpointsKey, StringComparison.OrdinalIgnoreCase)
            ? new EndpointsSection(kestrel.GetSection(key), endpoints)
            : kestrel.GetSection(key);

    public IEnumerable<IConfigurationSection> GetChildren() => kestrel.GetChildren();

    public IChangeToken GetReloadToken() => utp is null
        ? kestrel.GetReloadToken()
        : new CompositeChangeToken([kestrel.GetReloadToken(), utp.GetReloadToken()]);

    private sealed class EndpointsSection(IConfigurationSection own, Func<IEnumerable<IConfigurationSection>> endpoints) : IConfigurationSection
    {
        public string Key => own.Key;

        public string Path => own.Path;

        public string? Value
        {
            get => own.Value;
            set => own.Value = value;
        }

        public string? this[string key]
        {
            get => own[key];
            set => own[key] = value;
        }

        public IConfigurationSection GetSection(string key) => own.GetSection(key);

        public IEnumerable<IConfigurationSection> GetChildren() => own.GetChildren().Concat(endpoints());

        public IChangeToken GetReloadToken() => own.GetReloadToken();
    }
}

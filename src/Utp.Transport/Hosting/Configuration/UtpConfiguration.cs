using Microsoft.Extensions.Configuration;
using Utp.Transport.Options;

namespace Utp.Transport.Hosting.Configuration;

/// <summary>A section that was passed to <c>AddUtp</c> in place of the host's <c>Utp</c>.</summary>
internal sealed record UtpConfigurationSource(IConfiguration Section);

/// <summary>
/// The <c>Utp</c> section; empty when the program has no configuration. This class does not use the configuration binder, because that ignores keys
/// that it does not know and values that it cannot read.
/// </summary>
internal sealed class UtpConfiguration
{
    public const string SectionName = "Utp";
    public const string TransportKey = "Transport";
    public const string EndpointsKey = "Endpoints";
    public const string ClientsKey = "Clients";

    private static readonly string[] TopLevelKeys = [TransportKey, EndpointsKey, ClientsKey];

    private readonly IConfiguration? _section;
    private readonly string _path;

    public UtpConfiguration(IEnumerable<UtpConfigurationSource> sources, IServiceProvider services)
    {
        _section = sources.LastOrDefault()?.Section ?? ((IConfiguration?)services.GetService(typeof(IConfiguration)))?.GetSection(SectionName);
        _path = (_section as IConfigurationSection)?.Path ?? SectionName;
    }

    public IConfigurationSection? Transport => _section?.GetSection(TransportKey);

    /// <summary>The section; null when the program has no configuration.</summary>
    public IConfiguration? Section => _section;

    public IReadOnlyList<IConfigurationSection> Endpoints => Children(EndpointsKey);

    public IReadOnlyList<IConfigurationSection> Clients => Children(ClientsKey);

    /// <summary>The full key of an option, whether or not it is configured.</summary>
    public string TransportPath => $"{_path}:{TransportKey}";

    public string EndpointPath(string name) => $"{_path}:{EndpointsKey}:{name}";

    public string ClientPath(string name) => $"{_path}:{ClientsKey}:{name}";

    public IConfigurationSection? FindEndpoint(string name) => Find(Endpoints, name);

    public IConfigurationSection? FindClient(string name) => Find(Clients, name);

    /// <summary>Reports keys under <c>Utp</c> that have no meaning.</summary>
    public IEnumerable<string> CheckTopLevel() =>
        _section?.GetChildren()
            .Where(child => !TopLevelKeys.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
            .Select(child => MisplacedKey.Complaint(child.Path, child.Key, _path, TopLevelKeys)) ?? [];

    /// <summary>Reads a section into options. A value that cannot be read is skipped here, and <see cref="Check"/> reports it.</summary>
    public static void Bind<TOptions>(IConfigurationSection? section, IReadOnlyList<IOptionKey<TOptions>> keys, TOptions options)
    {
        foreach (var child in section?.GetChildren() ?? [])
        {
            if (child.Value is { } text)
            {
                Find(keys, child.Key)?.Apply(text, options);
            }
        }
    }

    /// <summary>Reports unknown keys and unreadable values in a section, then values out of bounds in the options made from it.</summary>
    public static IEnumerable<string> Check<TOptions>(
        IConfigurationSection? section,
        string path,
        IReadOnlyList<IOptionKey<TOptions>> keys,
        IReadOnlyCollection<string> otherKeys,
        TOptions options)
        where TOptions : new()
    {
        if (section is { Value.Length: > 0 })
        {
            yield return $"{section.Path} is '{section.Value}'. Expected an object with keys such as {keys[0].Name}.";
        }

        var unreadable = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var child in section?.GetChildren() ?? [])
        {
            if (Complaint(child, keys, otherKeys) is { } complaint)
            {
                unreadable.Add(child.Key);
                yield return complaint;
            }
        }

        foreach (var key in keys)
        {
            if (!unreadable.Contains(key.Name) && key.Check(options) is { } complaint)
            {
                yield return $"{path}:{key.Name} {complaint}";
            }
        }

        if (SilenceSettings.Check(section) is { } mismatch)
        {
            yield return mismatch;
        }
    }

    private static string? Complaint<TOptions>(IConfigurationSection child, IReadOnlyList<IOptionKey<TOptions>> keys, IReadOnlyCollection<string> otherKeys)
        where TOptions : new()
    {
        if (otherKeys.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
        {
            return null;
        }

        if (Find(keys, child.Key) is not { } key)
        {
            return MisplacedKey.Complaint(child.Path, child.Key, RootOf(child.Path), [.. keys.Select(known => known.Name), .. otherKeys]);
        }

        if (child.Value is null)
        {
            return child.GetChildren().Any() ? $"{child.Path} is an object. Expected a single value." : null;
        }

        return key.Apply(child.Value, new TOptions()) is { } complaint ? $"{child.Path} {complaint}" : null;
    }

    /// <summary>Gets the section of which a key of an option is a part: <c>Utp</c>, or the one given to <c>AddUtp</c>.</summary>
    private static string RootOf(string path) =>
        Array.ConvertAll([TransportKey, EndpointsKey, ClientsKey], section => path.LastIndexOf($":{section}:", StringComparison.OrdinalIgnoreCase))
            .Where(end => end > 0)
            .Select(end => path[..end])
            .FirstOrDefault(SectionName);

    private static IOptionKey<TOptions>? Find<TOptions>(IReadOnlyList<IOptionKey<TOptions>> keys, string name) =>
        keys.FirstOrDefault(key => string.Equals(key.Name, name, StringComparison.OrdinalIgnoreCase));

    private static IConfigurationSection? Find(IReadOnlyList<IConfigurationSection> sections, string name) =>
        sections.FirstOrDefault(section => string.Equals(section.Key, name, StringComparison.OrdinalIgnoreCase));

    private IReadOnlyList<IConfigurationSection> Children(string key) => _section is null ? [] : [.. _section.GetSection(key).GetChildren()];
}

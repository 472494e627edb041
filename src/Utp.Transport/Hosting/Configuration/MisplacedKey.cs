using Utp.Transport.Options;

namespace Utp.Transport.Hosting.Configuration;

/// <summary>Says where a key belongs that is known, but stands in another section under <c>Utp</c>.</summary>
internal static class MisplacedKey
{
    private const string AnyName = "NAME";

    private static readonly (string Section, IEnumerable<string> Keys)[] Places =
    [
        (UtpConfiguration.TransportKey, OptionKeys.Transport.Select(key => key.Name)),
        ($"{UtpConfiguration.EndpointsKey}:{AnyName}", [OptionKeys.Url, .. OptionKeys.Http]),
        ($"{UtpConfiguration.ClientsKey}:{AnyName}", OptionKeys.Client.Select(key => key.Name)),
    ];

    /// <summary>Makes the message about a key that is not known where it is.</summary>
    /// <param name="path">The whole key.</param>
    /// <param name="key">The last part of it.</param>
    /// <param name="root">The section that has <c>Transport</c>, <c>Endpoints</c> and <c>Clients</c>.</param>
    /// <param name="known">The keys that are known there.</param>
    public static string Complaint(string path, string key, string root, IReadOnlyCollection<string> known)
    {
        foreach (var (section, keys) in Places)
        {
            if (keys.FirstOrDefault(other => string.Equals(other, key, StringComparison.OrdinalIgnoreCase)) is { } name)
            {
                return $"{path} is not a known key there. Move it to {root}:{section}:{name}.";
            }
        }

        return NearestKey.Complaint(path, key, known);
    }
}

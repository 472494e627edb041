using Microsoft.Extensions.Options;
using Utp.Transport.Hosting.Configuration;

namespace Utp.Transport.Hosting.Clients;

/// <summary>Records one call of <c>AddClient</c>.</summary>
internal sealed record UtpClientRegistration(string Name);

/// <summary>The names of all clients: those registered in code, those configured, and the unnamed default.</summary>
internal sealed class UtpClientNames(IEnumerable<UtpClientRegistration> registrations, UtpConfiguration configuration)
{
    public IReadOnlyList<string> All { get; } =
    [
        .. registrations.Select(registration => registration.Name)
            .Concat(configuration.Clients.Select(section => section.Key))
            .Prepend(Microsoft.Extensions.Options.Options.DefaultName)
            .Distinct(StringComparer.OrdinalIgnoreCase),
    ];

    /// <summary>Gets the name in the spelling of its registration or configuration, so that another case gives the same client; null when unknown.</summary>
    public string? Find(string name) => All.FirstOrDefault(known => string.Equals(known, name, StringComparison.OrdinalIgnoreCase));
}

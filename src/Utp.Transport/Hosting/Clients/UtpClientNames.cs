using Microsoft.Extensions.Options;
using Utp.Transport.Hosting.Configuration;

namespace Utp.Transport.Hosting.Clients;

/// <summary>One call of <c>AddClient</c>.</summary>
internal sealed record UtpClientRegistration(string Name);

/// <summary>The names that clients go by: registered in code or configured, and the unnamed default.</summary>
internal sealed class UtpClientNames(IEnumerable<UtpClientRegistration> registrations, UtpConfiguration configuration)
{
    public IReadOnlyList<string> All { get; } =
    [
        .. registrations.Select(registration => registration.Name)
            .Concat(configuration.Clients.Select(section => section.Key))
            .Prepend(Microsoft.Extensions.Options.Options.DefaultName)
            .Distinct(StringComparer.OrdinalIgnoreCase),
    ];

    /// <summary>The name as first registered or configured, so that spelling it in another case gives the same client; null when unknown.</summary>
    public string? Find(string name) => All.FirstOrDefault(known => string.Equals(known, name, StringComparison.OrdinalIgnoreCase));
}

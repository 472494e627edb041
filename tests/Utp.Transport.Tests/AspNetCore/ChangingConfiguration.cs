using Microsoft.Extensions.Configuration;

namespace Utp.Transport.Tests.AspNetCore;

/// <summary>A configuration that changes while the program runs, as a file does that is edited.</summary>
internal sealed class ChangingConfiguration : ConfigurationProvider, IConfigurationSource
{
    public ChangingConfiguration(params (string Key, string Value)[] values) => Fill(values);

    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

    /// <summary>Replaces all keys.</summary>
    public void Change(params (string Key, string Value)[] values)
    {
        Fill(values);
        OnReload();
    }

    private void Fill((string Key, string Value)[] values) =>
        Data = values.ToDictionary(value => value.Key, value => (string?)value.Value, StringComparer.OrdinalIgnoreCase);
}

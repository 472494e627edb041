using Microsoft.Extensions.Options;
using Utp.Transport.Options;

namespace Utp.Transport.Hosting.Configuration;

/// <summary>Fills and validates the named <see cref="UtpClientOptions"/>: the engine's connection options, then <c>Utp:Clients:NAME</c>.</summary>
internal sealed class UtpClientOptionsSetup(UtpConfiguration configuration, IOptions<UtpTransportOptions> transport)
    : IConfigureNamedOptions<UtpClientOptions>, IValidateOptions<UtpClientOptions>
{
    public void Configure(UtpClientOptions options) => Configure(Microsoft.Extensions.Options.Options.DefaultName, options);

    public void Configure(string? name, UtpClientOptions options)
    {
        transport.Value.CopyTo(options);
        UtpConfiguration.Bind(configuration.FindClient(name ?? Microsoft.Extensions.Options.Options.DefaultName), OptionKeys.Client, options);
    }

    public ValidateOptionsResult Validate(string? name, UtpClientOptions options)
    {
        var client = name ?? Microsoft.Extensions.Options.Options.DefaultName;
        var path = client.Length == 0 ? nameof(UtpClientOptions) : configuration.ClientPath(client);
        var failures = UtpConfiguration.Check(configuration.FindClient(client), path, OptionKeys.Client, [], options).ToArray();
        return failures.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}

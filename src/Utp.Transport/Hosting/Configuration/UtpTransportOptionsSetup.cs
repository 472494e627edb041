using Microsoft.Extensions.Options;
using Utp.Transport.Options;

namespace Utp.Transport.Hosting.Configuration;

/// <summary>Fills and validates <see cref="UtpTransportOptions"/> from <c>Utp:Transport</c>.</summary>
internal sealed class UtpTransportOptionsSetup(UtpConfiguration configuration) : IConfigureOptions<UtpTransportOptions>, IValidateOptions<UtpTransportOptions>
{
    public void Configure(UtpTransportOptions options) => UtpConfiguration.Bind(configuration.Transport, OptionKeys.Transport, options);

    public ValidateOptionsResult Validate(string? name, UtpTransportOptions options)
    {
        string[] failures =
        [
            .. configuration.CheckTopLevel(),
            .. UtpConfiguration.Check(configuration.Transport, configuration.TransportPath, OptionKeys.Transport, [], options),
        ];
        return failures.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}

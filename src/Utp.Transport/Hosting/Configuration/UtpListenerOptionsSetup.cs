using Microsoft.Extensions.Options;
using Utp.Transport.Options;

namespace Utp.Transport.Hosting.Configuration;

/// <summary>Fills and validates the named <see cref="UtpListenerOptions"/>: the engine's connection options, then <c>Utp:Endpoints:NAME</c>.</summary>
internal sealed class UtpListenerOptionsSetup(UtpConfiguration configuration, IOptions<UtpTransportOptions> transport)
    : IConfigureNamedOptions<UtpListenerOptions>, IValidateOptions<UtpListenerOptions>
{
    private static readonly string[] OtherKeys = [OptionKeys.Url, .. OptionKeys.Http];

    public void Configure(UtpListenerOptions options) => Configure(Microsoft.Extensions.Options.Options.DefaultName, options);

    public void Configure(string? name, UtpListenerOptions options)
    {
        transport.Value.CopyTo(options);
        UtpConfiguration.Bind(configuration.FindEndpoint(name ?? Microsoft.Extensions.Options.Options.DefaultName), OptionKeys.Listener, options);
    }

    public ValidateOptionsResult Validate(string? name, UtpListenerOptions options)
    {
        var listener = name ?? Microsoft.Extensions.Options.Options.DefaultName;
        var path = listener.Length == 0 ? nameof(UtpListenerOptions) : configuration.EndpointPath(listener);
        var failures = UtpConfiguration.Check(configuration.FindEndpoint(listener), path, OptionKeys.Listener, OtherKeys, options).ToArray();
        return failures.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}

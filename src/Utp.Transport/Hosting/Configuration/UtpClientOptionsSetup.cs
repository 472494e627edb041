using Microsoft.Extensions.Options;
using Utp.Transport.Options;

namespace Utp.Transport.Hosting.Configuration;

/// <summary>Fills and validates the named <see cref="UtpClientOptions"/>: the engine's connection options, then <c>Utp:Clients:NAME</c>.</summary>
internal sealed class UtpClientOptionsSetup(UtpConfiguration configuration, IOptions<UtpTransportOptions> transport, UtpListenerEndpoints listeners)
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
        string[] failures =
        [
            .. UtpConfiguration.Check(configuration.FindClient(client), path, OptionKeys.Client, [], options),
            .. CheckLocalListener(path, options),
        ];
        return failures.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private IEnumerable<string> CheckLocalListener(string path, UtpClientOptions options)
    {
        const string Listener = nameof(UtpClientOptions.LocalListener);
        const string EndPoint = nameof(UtpClientOptions.LocalEndPoint);
        if (options.LocalListener is not { } name || string.IsNullOrWhiteSpace(name))
        {
            yield break;
        }

        if (options.LocalEndPoint is { } local)
        {
            yield return $"{path}:{Listener} is '{name}' and {path}:{EndPoint} is '{local}', but a client connects from one place. Remove one of the two.";
        }

        var known = listeners.Names.ToArray();
        if (!known.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            yield return $"{path}:{Listener} is '{name}', but no listener has that name. "
                + $"Add one with AddListener(\"{name}\", ...) or {listeners.UrlKey(name)}, "
                + (known.Length == 0 ? "or remove the key. There is no listener at all." : $"or correct the name. Listeners are: {string.Join(", ", known)}.");
        }
    }
}

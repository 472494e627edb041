using Microsoft.Extensions.Options;
using Utp.Transport.Hosting.Clients;

namespace Utp.Transport.Hosting.Configuration;

/// <summary>Empty options whose validation at start validates everything under <c>Utp</c>, so that the host reports all mistakes at once.</summary>
internal sealed class UtpStartupChecks
{
}

/// <inheritdoc cref="UtpStartupChecks" />
internal sealed class UtpStartupValidation(
    IOptions<UtpTransportOptions> transport,
    IOptionsMonitor<UtpClientOptions> clientOptions,
    UtpClientNames clients,
    UtpListenerEndpoints endpoints) : IValidateOptions<UtpStartupChecks>
{
    public ValidateOptionsResult Validate(string? name, UtpStartupChecks options)
    {
        var failures = Failures(() => transport.Value);

        // The other options start from the engine's, and would only repeat the mistakes found there.
        if (failures.Count == 0)
        {
            foreach (var client in clients.All)
            {
                failures.AddRange(Failures(() => clientOptions.Get(client)));
            }

            failures.AddRange(endpoints.Check());
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures.Distinct());
    }

    private static List<string> Failures(Func<object> read)
    {
        try
        {
            read();
            return [];
        }
        catch (OptionsValidationException exception)
        {
            return [.. exception.Failures];
        }
    }
}

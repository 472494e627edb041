using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Utp.Transport;
using Utp.Transport.Options;

namespace Microsoft.AspNetCore.Hosting;

/// <summary>Sets uTP options of single endpoints.</summary>
public static class ListenOptionsUtpExtensions
{
    /// <summary>Sets options of the connections that this endpoint accepts; they start from the engine's options.</summary>
    /// <param name="listenOptions">The options given to the delegate of <c>ListenUtp</c>.</param>
    /// <param name="configure">Sets the options.</param>
    /// <returns>The same options, for chained calls.</returns>
    /// <exception cref="InvalidOperationException">The endpoint is not a uTP endpoint.</exception>
    /// <exception cref="OptionsValidationException">An option is out of range; the message names it, its value and the range.</exception>
    public static ListenOptions ConfigureUtp(this ListenOptions listenOptions, Action<UtpListenerOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(listenOptions);
        ArgumentNullException.ThrowIfNull(configure);
        if (listenOptions.EndPoint is not UtpEndPoint endPoint)
        {
            throw new InvalidOperationException($"ConfigureUtp is for endpoints of ListenUtp, and {listenOptions} is not a uTP endpoint.");
        }

        var services = listenOptions.ApplicationServices;
        var options = new UtpListenerOptions();
        var source = endPoint.ListenerOptions ?? services.GetRequiredService<IOptions<UtpListenerOptions>>().Value;
        foreach (var key in OptionKeys.Listener)
        {
            key.Copy(source, options);
        }

        configure(options);
        foreach (var validation in services.GetServices<IValidateOptions<UtpListenerOptions>>())
        {
            if (validation.Validate(endPoint.ListenerName, options) is { Failed: true } result)
            {
                throw new OptionsValidationException(endPoint.ListenerName ?? string.Empty, typeof(UtpListenerOptions), result.Failures);
            }
        }

        endPoint.ListenerOptions = options;
        return listenOptions;
    }
}

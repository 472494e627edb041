using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Utp.Transport.Engine;
using Utp.Transport.Hosting.Configuration;

namespace Utp.Transport;

/// <summary>
/// What a listener or client without host and container owns: an engine, with options judged by the same tables as those of a configuration.
/// </summary>
internal static class StandaloneEngine
{
    /// <summary>
    /// Makes an engine of its own. No host waits for it to stop with a budget of its own, so its connections get their whole linger timeout to
    /// deliver.
    /// </summary>
    public static UtpEngine Create(UtpTransportOptions transport, TimeSpan lingerTimeout, ILoggerFactory? loggerFactory) =>
        new(Options.Create(transport), loggerFactory ?? NullLoggerFactory.Instance, TimeProvider.System) { DrainTime = lingerTimeout };

    /// <summary>The engine's options, checked; null takes the defaults.</summary>
    public static UtpTransportOptions Check(UtpTransportOptions? transport)
    {
        transport ??= new UtpTransportOptions();
        Check(OptionKeys.Transport, transport, nameof(transport));
        return transport;
    }

    /// <exception cref="ArgumentOutOfRangeException">The first option that is out of bounds.</exception>
    public static void Check<TOptions>(IReadOnlyList<IOptionKey<TOptions>> keys, TOptions options, string parameterName)
        where TOptions : class
    {
        foreach (var key in keys)
        {
            if (key.Check(options) is { } complaint)
            {
                throw new ArgumentOutOfRangeException(parameterName, $"{typeof(TOptions).Name}.{key.Name} {complaint}");
            }
        }
    }

    /// <summary>What friendly callers pass for an address: all kinds that the transport knows.</summary>
    public static UtpEndPoint ToUtpEndPoint(EndPoint endPoint) => endPoint switch
    {
        null => throw new ArgumentNullException(nameof(endPoint)),
        UtpEndPoint utp => utp,
        IPEndPoint ip => new UtpEndPoint(ip),
        DnsEndPoint dns => new UtpEndPoint(dns.Host, dns.Port),
        _ => throw new NotSupportedException($"A uTP address is a UtpEndPoint, IPEndPoint or DnsEndPoint, not {endPoint.GetType().Name} ({endPoint})."),
    };
}

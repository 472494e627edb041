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

    /// <summary>A copy of the engine's options, checked; null takes the defaults.</summary>
    public static UtpTransportOptions Check(UtpTransportOptions? transport) =>
        transport is null ? new UtpTransportOptions() : Snapshot(OptionKeys.Transport, transport, nameof(transport));

    /// <summary>A copy of the options, checked. No later change of the original reaches a connection or a socket.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The first option that is out of bounds.</exception>
    public static TOptions Snapshot<TOptions>(IReadOnlyList<IOptionKey<TOptions>> keys, TOptions options, string parameterName)
        where TOptions : class, new()
    {
        var copy = new TOptions();
        foreach (var key in keys)
        {
            key.Copy(options, copy);
        }

        // The copy is checked, not the original: another thread may be changing that.
        Check(keys, copy, parameterName);
        return copy;
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

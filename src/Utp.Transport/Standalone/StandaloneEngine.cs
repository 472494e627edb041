using System.Net;
using Utp.Transport.Datagrams.Custom;
using Utp.Transport.Engine;
using Utp.Transport.Options;

namespace Utp.Transport.Standalone;

/// <summary>Creates the engine of a <see cref="UtpSocket"/> or <see cref="UtpClient"/>, which have no host and no container.</summary>
internal static class StandaloneEngine
{
    /// <summary>Creates an engine. Without a host, no shutdown timeout bounds its end, so its connections have their whole linger timeout to deliver.</summary>
    /// <param name="options">The engine's options, with checked and copied transport options.</param>
    /// <param name="lingerTimeout">The linger timeout of its connections.</param>
    public static UtpEngine Create(UtpEngineOptions options, TimeSpan lingerTimeout) =>
        new(Microsoft.Extensions.Options.Options.Create(options.Transport), options.LoggerFactory, options.TimeProvider)
        {
            DrainTime = lingerTimeout,
            OpenChannels = CustomDatagramChannel.OpenerOf(options.DatagramLayer),
            CreateAcceptFilter = () => options.AcceptFilter,
        };

    /// <summary>Takes a checked copy of the engine's options; null gives the defaults.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of bounds.</exception>
    public static UtpEngineOptions Check(UtpEngineOptions? engine)
    {
        engine ??= new UtpEngineOptions();
        return new UtpEngineOptions
        {
            Transport = OptionSnapshot.Take(OptionKeys.Transport, engine.Transport, nameof(engine)),
            LoggerFactory = engine.LoggerFactory,
            TimeProvider = engine.TimeProvider,
            DatagramLayer = engine.DatagramLayer,
            AcceptFilter = engine.AcceptFilter,
        };
    }

    /// <summary>Converts any kind of address that the transport knows.</summary>
    public static UtpEndPoint ToUtpEndPoint(EndPoint endPoint) => endPoint switch
    {
        null => throw new ArgumentNullException(nameof(endPoint)),
        UtpEndPoint utp => utp,
        IPEndPoint ip => new UtpEndPoint(ip),
        DnsEndPoint dns => new UtpEndPoint(dns.Host, dns.Port),
        _ => throw new NotSupportedException($"A uTP address is a UtpEndPoint, IPEndPoint or DnsEndPoint, not {endPoint.GetType().Name} ({endPoint})."),
    };
}

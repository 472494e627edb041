using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Options;
using Utp.Transport.Connections;
using Utp.Transport.Engine;

namespace Utp.Transport.Hosting.Clients;

/// <inheritdoc />
internal sealed class UtpConnectionFactoryProvider(
    UtpEngine engine,
    UtpClientNames names,
    IOptionsMonitor<UtpClientOptions> options,
    UtpServerAddresses addresses) : IUtpConnectionFactoryProvider
{
    private readonly ConcurrentDictionary<string, Lazy<IUtpConnectionFactory>> _clients = new(StringComparer.Ordinal);

    public IUtpConnectionFactory GetFactory(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Find(name) ?? throw new InvalidOperationException(NotRegistered(name));
    }

    /// <summary>Finds a factory as <see cref="GetFactory"/> does, but returns null when the name is neither registered nor configured.</summary>
    public IUtpConnectionFactory? Find(string name) =>
        names.Find(name) is not { } known
            ? null
            : _clients.GetOrAdd(known, client => new Lazy<IUtpConnectionFactory>(() => Create(client))).Value;

    private UtpConnectionFactory Create(string client)
    {
        var own = options.Get(client);
        return own.LocalListener is { } listener
            ? new UtpConnectionFactory(engine, own, client) { LocalEndPoints = () => EndPointsOf(client, listener) }
            : new UtpConnectionFactory(engine, own, client);
    }

    /// <summary>Gets where a listener is bound. It is asked for each connect, because only then the port that the system has chosen is known.</summary>
    private IReadOnlyList<IPEndPoint> EndPointsOf(string client, string listener) =>
        addresses.FindAll(listener) is { Count: > 0 } bound ? bound : throw UtpErrors.LocalListenerNotBound(client, listener);

    private string NotRegistered(string name)
    {
        var known = names.All.Where(other => other.Length > 0).Select(other => $"'{other}'").ToArray();
        return $"No uTP client is named '{name}'. Register it with AddUtp().AddClient(\"{name}\"), or configure Utp:Clients:{name}. "
            + (known.Length == 0 ? "No named client is known." : $"The known names are {string.Join(", ", known)}.");
    }
}

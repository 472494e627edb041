using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Utp.Transport.Diagnostics;
using Utp.Transport.Engine;
using Utp.Transport.Options;
using Utp.Transport.Rates;

namespace Utp.Transport.Connections;

/// <summary>One client: its name, its options and the number of its connections. The clients of an engine share sockets.</summary>
internal sealed class UtpConnectionFactory : IUtpConnectionFactory
{
    private readonly UtpEngine _engine;
    private readonly UtpClientOptions _options;
    private readonly string _name;
    private readonly ConnectionLeases _leases;
    private readonly Lazy<SharedRateLimits> _rateLimits;
    private readonly ConnectionLeases _pending;

    /// <param name="engine">The engine.</param>
    /// <param name="options">The client's options, merged with those of the engine.</param>
    /// <param name="name">The name in errors; <see cref="string.Empty"/> is the default client.</param>
    /// <param name="leases">The leases of its connections, which others may use too; null for leases of its own.</param>
    public UtpConnectionFactory(UtpEngine engine, UtpClientOptions options, string name = "", ConnectionLeases? leases = null)
    {
        _engine = engine;
        _options = OptionSnapshot.Take(OptionKeys.Client, options, nameof(options));
        _name = name;
        _leases = leases ?? new ConnectionLeases(_options.MaxConnections);
        _pending = new ConnectionLeases(_options.MaxPendingConnects);
        _rateLimits = new(() => new SharedRateLimits(
            engine, engine.RateLimits, _options.MaxTotalSendBytesPerSecond, _options.MaxTotalReceiveBytesPerSecond));
        LocalEndPoints = _options.LocalEndPoint is { } local ? () => [local] : static () => null;
    }

    /// <summary>
    /// Gets the function that returns the local endpoints to connect from, called for each connect; null leaves the choice to the engine. The first
    /// one that has the family of the remote endpoint is used. The default is the one of the options.
    /// </summary>
    public Func<IReadOnlyList<IPEndPoint>?> LocalEndPoints { get; init; }

    /// <summary>Gets the limits that the connections of the client share.</summary>
    public IUtpRateLimits RateLimits => _rateLimits.Value;

    /// <summary>Gets the number of connections that the application has or waits for.</summary>
    public int ConnectionCount => _leases.Count;

    /// <summary>Gets the maximum number of connections; null for no maximum.</summary>
    public int? MaxConnections => _options.MaxConnections;

    public ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        ConnectAsync(endpoint, null, cancellationToken);

    public async ValueTask<ConnectionContext> ConnectAsync(EndPoint endPoint, UtpConnectionOptions? options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        if (options is not null)
        {
            options = OptionSnapshot.TakeMerged(OptionKeys.Connection, new UtpConnectionOptions(options), _options, nameof(options));
        }

        var lease = _leases.TryTake() ?? throw UtpErrors.TooManyClientConnections(_name, _options.MaxConnections!.Value);
        return await ConnectAsync(endPoint, options ?? _options, lease, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Connects as soon as the client has fewer connections than its maximum. For callers whose requests should wait instead of fail.</summary>
    public async ValueTask<ConnectionContext> ConnectWhenFreeAsync(EndPoint endPoint, CancellationToken cancellationToken)
    {
        var lease = await _leases.TakeAsync(cancellationToken).ConfigureAwait(false);
        return await ConnectAsync(endPoint, _options, lease, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<ConnectionContext> ConnectAsync(
        EndPoint endPoint, UtpConnectionOptions options, IDisposable lease, CancellationToken cancellationToken)
    {
        using var activity = UtpActivitySource.StartConnect(endPoint);
        try
        {
            options.SharedRates = _rateLimits.Value;
            // A wrong address or a missing listener should not wait behind other connects.
            var routes = await ResolveAsync(endPoint, LocalEndPoints(), cancellationToken).ConfigureAwait(false);
            using var place = await _pending.TakeAsync(cancellationToken).ConfigureAwait(false);
            var connection = await new ConnectAttempts(_engine, options).RunAsync(routes, lease, cancellationToken).ConfigureAwait(false);
            UtpActivitySource.Connected(activity, connection.RemoteEndPoint!);
            return connection;
        }
        catch (Exception e)
        {
            lease.Dispose();
            UtpActivitySource.Failed(activity, e);
            throw;
        }
    }

    private static async ValueTask<IReadOnlyList<Route>> ResolveAsync(
        EndPoint endPoint, IReadOnlyList<IPEndPoint>? locals, CancellationToken cancellationToken)
    {
        var (host, port, family) = endPoint switch
        {
            IPEndPoint ip => (null, ip.Port, ip.AddressFamily),
            UtpEndPoint { IPEndPoint: { } ip } => (null, ip.Port, ip.AddressFamily),
            UtpEndPoint named => (named.Host, named.Port, AddressFamily.Unspecified),
            DnsEndPoint dns => (dns.Host, dns.Port, dns.AddressFamily),
            _ => throw new NotSupportedException(
                $"The uTP transport connects to UtpEndPoint, IPEndPoint and DnsEndPoint, not to {endPoint.GetType().Name} ({endPoint})."),
        };
        if (port == 0)
        {
            throw new ArgumentException($"'{endPoint}' has no port. Give the port to connect to.", nameof(endPoint));
        }

        if (host is null)
        {
            var remote = endPoint as IPEndPoint ?? ((UtpEndPoint)endPoint).IPEndPoint!;
            return [Route.Find(remote, locals) ?? throw UtpErrors.OtherFamily(locals![0], remote)];
        }

        var addresses = await HostNames.ResolveAsync(host, family, cancellationToken).ConfigureAwait(false);
        var reachable = Array.FindAll(addresses, address => Route.Find(new IPEndPoint(address, port), locals) is not null);
        return reachable.Length == 0
            ? throw UtpErrors.HostNotFound(host)
            : Array.ConvertAll(Alternate(reachable), address => Route.Find(new IPEndPoint(address, port), locals)!.Value);
    }

    /// <summary>
    /// Alternates between the address families, in the resolver's order of preference (RFC 8305 section 4), so that a family without a route costs
    /// one attempt.
    /// </summary>
    private static IPAddress[] Alternate(IPAddress[] addresses)
    {
        var first = addresses[0].AddressFamily;
        var preferred = addresses.Where(address => address.AddressFamily == first).Select((address, index) => (address, index * 2));
        var others = addresses.Where(address => address.AddressFamily != first).Select((address, index) => (address, (index * 2) + 1));
        return [.. preferred.Concat(others).OrderBy(pair => pair.Item2).Select(pair => pair.address)];
    }
}

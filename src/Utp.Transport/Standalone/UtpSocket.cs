using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Utp.Transport.Connections;
using Utp.Transport.Engine;
using Utp.Transport.Options;
using Utp.Transport.Standalone;

namespace Utp.Transport;

/// <summary>
/// One UDP port that accepts uTP connections, opens them, and carries the datagrams of other protocols, without a host or container. It is made for
/// peer-to-peer programs: a NAT lets peers in only at a port that packets have left from, so such a program listens, connects and talks to its
/// trackers and its DHT from one port.
/// </summary>
/// <remarks>
/// A program that only listens can use <see cref="UtpListener"/>, one that only connects <see cref="UtpClient"/>. Programs with a host add a listener,
/// and a client whose <see cref="UtpClientOptions.LocalListener"/> names it. All members can be called from any thread.
/// </remarks>
public sealed partial class UtpSocket : INonUtpDatagramSender, IUtpRateLimited, IAsyncDisposable
{
    private readonly UtpEngine _engine;
    private readonly UtpConnectionListener _listener;
    private readonly ConnectionLeases _leases;
    private readonly UtpConnectionFactory _factory;
    private readonly UtpSocketOptions _options;

    private UtpSocket(UtpEngine engine, UtpConnectionListener listener, ConnectionLeases leases, UtpSocketOptions options)
    {
        _engine = engine;
        _listener = listener;
        _leases = leases;
        _options = options;
        _factory = new UtpConnectionFactory(engine, ToClientOptions(options), leases: leases) { LocalEndPoints = () => [_listener.Sockets.Key] };
        LocalEndPoint = (IPEndPoint)listener.EndPoint;
    }

    /// <summary>Gets the bound address and UDP port: after binding to port 0, the port that the system chose.</summary>
    public IPEndPoint LocalEndPoint { get; }

    /// <summary>Gets the maximum number of connections, accepted and opened ones together; null if only the engine has a limit.</summary>
    public int? MaxConnections => _options.MaxConnections;

    /// <summary>
    /// Gets the number of connections that the application has: accepted ones, those that wait to be accepted, and those that it has opened or is
    /// opening.
    /// </summary>
    public int ConnectionCount => _leases.Count;

    /// <summary>Gets the totals of the socket since it was bound. To read them takes a moment for each connection, so once per second is enough.</summary>
    public UtpSocketStatistics Statistics => UtpSocketStatistics.From(_engine.ReadCounters(), ConnectionCount);

    /// <summary>Gets the limits in bytes per second that all connections of the socket share. They can be changed at any time.</summary>
    public IUtpRateLimits RateLimits => _engine.RateLimits;

    /// <summary>Binds a UDP port and starts to listen.</summary>
    /// <param name="endPoint">
    /// The local address: an <see cref="IPEndPoint"/>, <see cref="UtpEndPoint"/> or <see cref="DnsEndPoint"/>. Port 0 lets the system choose;
    /// <see cref="IPAddress.IPv6Any"/> takes all addresses of both families.
    /// </param>
    /// <param name="options">
    /// Limits, and options of the connections. Those that are not assigned are those of <paramref name="engine"/>'s
    /// <see cref="UtpEngineOptions.Transport"/>.
    /// </param>
    /// <param name="engine">Options of the UDP socket, filter, loggers and clock; null gives the defaults.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The socket; disposing it closes its connections.</returns>
    /// <exception cref="AddressInUseException">Another program, or another socket or listener of this one, uses the address.</exception>
    /// <exception cref="SocketException">This machine does not have the address, or its name is unknown.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of bounds; the message names it and what is allowed.</exception>
    /// <exception cref="NotSupportedException"><paramref name="endPoint"/> is of another kind.</exception>
    public static async ValueTask<UtpSocket> BindAsync(
        EndPoint endPoint,
        UtpSocketOptions? options = null,
        UtpEngineOptions? engine = null,
        CancellationToken cancellationToken = default)
    {
        var local = StandaloneEngine.ToUtpEndPoint(endPoint);
        var engineOptions = StandaloneEngine.Check(engine);
        var copy = options is null ? new UtpSocketOptions() : new UtpSocketOptions(options);
        var effective = OptionSnapshot.TakeMerged(OptionKeys.Socket, copy, engineOptions.Transport, nameof(options));
        return await BindAsync(local, effective, new UtpListenerOptions(effective), engineOptions, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gets the limits that the accepted connections share.</summary>
    internal IUtpRateLimits AcceptedRateLimits => _listener.RateLimits;

    /// <summary>Binds with options that are checked, merged and copied.</summary>
    internal static ValueTask<UtpSocket> BindAsync(
        UtpEndPoint local, UtpSocketOptions options, UtpListenerOptions accepted, UtpEngineOptions engine, CancellationToken cancellationToken) =>
        BindAsync(local, options, accepted, StandaloneEngine.Create(engine, options.LingerTimeout), cancellationToken);

    /// <summary>Binds in an engine, which the socket owns from now on.</summary>
    internal static async ValueTask<UtpSocket> BindAsync(
        UtpEndPoint local, UtpSocketOptions options, UtpListenerOptions accepted, UtpEngine engine, CancellationToken cancellationToken)
    {
        try
        {
            var leases = new ConnectionLeases(options.MaxConnections);
            var listener = await BindListenerAsync(engine, local, accepted, leases, cancellationToken).ConfigureAwait(false);
            return new UtpSocket(engine, listener, leases, options);
        }
        catch
        {
            await engine.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Gets the endpoints at which the socket can be reached from this machine and its networks. For a wildcard address these are all addresses of the
    /// interfaces that are up, loopback addresses last; otherwise it is <see cref="LocalEndPoint"/>. What peers beyond a NAT see is not among them.
    /// </summary>
    /// <returns>A new list, because addresses come and go.</returns>
    /// <exception cref="NetworkInformationException">The system does not tell the addresses of its interfaces.</exception>
    public IReadOnlyList<IPEndPoint> GetLocalEndPoints()
    {
        var isIPv6 = LocalEndPoint.Address.Equals(IPAddress.IPv6Any);
        if (!isIPv6 && !LocalEndPoint.Address.Equals(IPAddress.Any))
        {
            return [LocalEndPoint];
        }

        return
        [
            .. NetworkInterface.GetAllNetworkInterfaces().Where(network => network.OperationalStatus != OperationalStatus.Down)
                .SelectMany(network => network.GetIPProperties().UnicastAddresses)
                .Select(unicast => unicast.Address)
                .Where(address => isIPv6 || address.AddressFamily == AddressFamily.InterNetwork)
                .OrderBy(IPAddress.IsLoopback)
                .Select(address => new IPEndPoint(address, LocalEndPoint.Port)),
        ];
    }

    /// <summary>
    /// Closes every connection and the UDP port. Waits until the peers have acknowledged all written data, at most for
    /// <see cref="UtpConnectionOptions.LingerTimeout"/>, and resets connections that are not done by then. Streams that are disposed, or have finished
    /// writing, end properly. Streams that are still open are reset after their written data, so that the peer does not mistake a part for the
    /// whole.
    /// </summary>
    /// <returns>Completes when the UDP port is closed.</returns>
    public async ValueTask DisposeAsync()
    {
        await _listener.DisposeAsync().ConfigureAwait(false);
        await _engine.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Gets <c>utp://address:port</c>.</summary>
    /// <returns>The local address and port.</returns>
    public override string ToString() => new UtpEndPoint(LocalEndPoint).ToUriString();

    private static async ValueTask<UtpConnectionListener> BindListenerAsync(
        UtpEngine engine, UtpEndPoint local, UtpListenerOptions options, ConnectionLeases leases, CancellationToken cancellationToken)
    {
        SocketException? notHere = null;
        foreach (var address in await ResolveAsync(local, cancellationToken).ConfigureAwait(false))
        {
            try
            {
                return await engine.BindAsync(address, options, static bound => bound, leases, cancellationToken).ConfigureAwait(false);
            }
            catch (SocketException e)
            {
                notHere = e;
            }
        }

        throw notHere ?? UtpErrors.HostNotFound(local.Host);
    }

    private static async ValueTask<IPEndPoint[]> ResolveAsync(UtpEndPoint local, CancellationToken cancellationToken)
    {
        if (local.IPEndPoint is { } endPoint)
        {
            return [endPoint];
        }

        var addresses = await HostNames.ResolveAsync(local.Host, AddressFamily.Unspecified, cancellationToken).ConfigureAwait(false);
        return Array.ConvertAll(addresses, address => new IPEndPoint(address, local.Port));
    }

    private static UtpClientOptions ToClientOptions(UtpSocketOptions options)
    {
        var client = new UtpClientOptions { MaxConnections = options.MaxConnections, MaxPendingConnects = options.MaxPendingConnects };
        options.CopyTo(client);
        return client;
    }
}

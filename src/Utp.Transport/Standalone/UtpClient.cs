using System.Net;
using Utp.Transport.Connections;
using Utp.Transport.Engine;
using Utp.Transport.Options;
using Utp.Transport.Standalone;

namespace Utp.Transport;

/// <summary>
/// Connects over uTP without a host or container, as <see cref="System.Net.Sockets.TcpClient"/> does over TCP. But one client has many connections,
/// which share one UDP socket per address family, or a few (<see cref="UtpTransportOptions.Shards"/>). Programs that
/// also accept connections at the port use <see cref="UtpSocket"/>, programs with a host inject <see cref="IUtpConnectionFactory"/>.
/// </summary>
public sealed class UtpClient : IUtpRateLimited, IAsyncDisposable
{
    private readonly UtpEngine _engine;
    private readonly UtpConnectionFactory _factory;

    /// <summary>Initializes a client. A UDP socket opens with the first connect.</summary>
    /// <param name="options">
    /// Options of the connections, their maximum and the local address. Connection options that are not assigned are those of
    /// <paramref name="engine"/>'s <see cref="UtpEngineOptions.Transport"/>.
    /// </param>
    /// <param name="engine">Options of the sockets, loggers and clock; null gives the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of bounds; the message names it and what is allowed.</exception>
    /// <exception cref="ArgumentException">The options name a listener (<see cref="UtpClientOptions.LocalListener"/>); use <see cref="UtpSocket"/>.</exception>
    public UtpClient(UtpClientOptions? options = null, UtpEngineOptions? engine = null)
    {
        var engineOptions = StandaloneEngine.Check(engine);
        var copy = options is null ? new UtpClientOptions() : new UtpClientOptions(options);
        var effective = OptionSnapshot.TakeMerged(OptionKeys.Client, copy, engineOptions.Transport, nameof(options));
        if (effective.LocalListener is not null)
        {
            throw UtpErrors.LocalListenerWithoutHost(nameof(options));
        }

        MaxConnections = effective.MaxConnections;
        _engine = StandaloneEngine.Create(engineOptions, effective.LingerTimeout);
        _factory = new UtpConnectionFactory(_engine, effective);
    }

    /// <summary>
    /// Gets the maximum number of connections that the client has at once; null if only the engine has a limit
    /// (<see cref="UtpTransportOptions.MaxConnections"/>, 65,536 for each UDP socket).
    /// </summary>
    public int? MaxConnections { get; }

    /// <summary>Gets the number of connections that the client has, including those being opened and those not yet closed.</summary>
    public int ConnectionCount => _factory.ConnectionCount;

    /// <summary>Gets the rate limits that the connections of the client share.</summary>
    public IUtpRateLimits RateLimits => _factory.RateLimits;

    /// <summary>Connects to a host.</summary>
    /// <param name="host">A name, whose addresses are tried until one answers, or the text of an IP address.</param>
    /// <param name="port">The UDP port, 1 to 65,535.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The connection as a stream, for the caller to dispose.</returns>
    /// <exception cref="System.Net.Sockets.SocketException">The connection was refused or timed out, or the host is unreachable or unresolvable.</exception>
    /// <exception cref="InvalidOperationException">The client, or its UDP socket, has its maximum number of connections.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The client is disposed.</exception>
#pragma warning disable RS0026 // No call can mean both overloads: one takes a name and a port, the other an endpoint.
    public ValueTask<UtpStream> ConnectAsync(string host, int port, CancellationToken cancellationToken = default) =>
        ConnectAsync(new UtpEndPoint(host, port), null, cancellationToken);

    /// <summary>Connects with options for this connection.</summary>
    /// <param name="endPoint">The destination: an <see cref="IPEndPoint"/>, <see cref="UtpEndPoint"/> or <see cref="DnsEndPoint"/>.</param>
    /// <param name="options">Options that are not assigned are those of the client; null takes all of those.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The connection as a stream, for the caller to dispose.</returns>
    /// <exception cref="System.Net.Sockets.SocketException">The connection was refused or timed out, or the host is unreachable or unresolvable.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of bounds; the message names it and what is allowed.</exception>
    /// <exception cref="InvalidOperationException">The client, or its UDP socket, has its maximum number of connections.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The client is disposed.</exception>
    public async ValueTask<UtpStream> ConnectAsync(EndPoint endPoint, UtpConnectionOptions? options = null, CancellationToken cancellationToken = default)
#pragma warning restore RS0026
    {
        var remote = StandaloneEngine.ToUtpEndPoint(endPoint);
        var connection = await _factory.ConnectAsync(remote, options, cancellationToken).ConfigureAwait(false);
        return new UtpStream(connection);
    }

    /// <summary>
    /// Closes every connection. Waits until the peers have acknowledged all written data, at most for
    /// <see cref="UtpConnectionOptions.LingerTimeout"/>, and resets connections that are not done by then. Streams that are disposed, or have finished
    /// writing, end properly. Streams that are still open are reset after their written data, so that the peer does not mistake a part for the
    /// whole.
    /// </summary>
    /// <returns>Completes when the UDP socket is closed.</returns>
    public ValueTask DisposeAsync() => _engine.DisposeAsync();
}

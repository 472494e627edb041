using System.Net;
using Utp.Transport.Connections;
using Utp.Transport.Engine;
using Utp.Transport.Options;
using Utp.Transport.Standalone;

namespace Utp.Transport;

/// <summary>
/// Makes uTP connections without a host or container: what <see cref="System.Net.Sockets.TcpClient"/> is for TCP, but one client has many
/// connections, which share a UDP socket for each address family that is connected to, or a few (<see cref="UtpTransportOptions.Shards"/>).
/// Programs with a host inject <see cref="IUtpConnectionFactory"/> in its place.
/// </summary>
public sealed class UtpClient : IAsyncDisposable
{
    /// <summary>How many connections a client may have at once when <see cref="UtpClientOptions.MaxConnections"/> does not say: 10.</summary>
    public const int DefaultMaxConnections = 10;

    private readonly UtpEngine _engine;
    private readonly UtpConnectionFactory _factory;

    /// <summary>Initializes a client. A UDP socket opens with the first connect.</summary>
    /// <param name="options">
    /// Options of the connections, their maximum and the local address. Connection options that are not assigned are those of
    /// <paramref name="engine"/>'s <see cref="UtpEngineOptions.Transport"/>.
    /// </param>
    /// <param name="engine">Options of the sockets, loggers and clock; null takes the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of bounds; the message names it and what is allowed.</exception>
    public UtpClient(UtpClientOptions? options = null, UtpEngineOptions? engine = null)
    {
        var engineOptions = StandaloneEngine.Check(engine);
        var copy = options is null ? new UtpClientOptions() : new UtpClientOptions(options);
        var effective = OptionSnapshot.TakeMerged(OptionKeys.Client, copy, engineOptions.Transport, nameof(options));
        effective.MaxConnections ??= DefaultMaxConnections;
        MaxConnections = effective.MaxConnections.Value;
        _engine = StandaloneEngine.Create(engineOptions, effective.LingerTimeout);
        _factory = new UtpConnectionFactory(_engine, effective);
    }

    /// <summary>Gets how many connections the client may have at once. Default <see cref="DefaultMaxConnections"/>.</summary>
    public int MaxConnections { get; }

    /// <summary>Gets how many connections the client has: those being made, and those not yet closed.</summary>
    public int ConnectionCount => _factory.ConnectionCount;

    /// <summary>Connects to a host.</summary>
    /// <param name="host">A name, whose addresses are tried until one answers, or the text of an IP address.</param>
    /// <param name="port">The UDP port, 1 to 65,535.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The connection as a stream, for the caller to dispose.</returns>
    /// <exception cref="System.Net.Sockets.SocketException">Refused, timed out, unreachable or unresolvable.</exception>
    /// <exception cref="InvalidOperationException">The client has <see cref="MaxConnections"/> connections already.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The client is disposed.</exception>
#pragma warning disable RS0026 // No call can mean both overloads: one takes a name and a port, the other an endpoint.
    public ValueTask<UtpStream> ConnectAsync(string host, int port, CancellationToken cancellationToken = default) =>
        ConnectAsync(new UtpEndPoint(host, port), null, cancellationToken);

    /// <summary>Connects, with options of this one connection.</summary>
    /// <param name="endPoint">Where to: an <see cref="IPEndPoint"/>, <see cref="UtpEndPoint"/> or <see cref="DnsEndPoint"/>.</param>
    /// <param name="options">Options that are not assigned are those of the client; null takes all of those.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The connection as a stream, for the caller to dispose.</returns>
    /// <exception cref="System.Net.Sockets.SocketException">Refused, timed out, unreachable or unresolvable.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of bounds; the message names it and what is allowed.</exception>
    /// <exception cref="InvalidOperationException">The client has <see cref="MaxConnections"/> connections already.</exception>
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
    /// Closes every connection. Waits until the peers have acknowledged what was written, at most for
    /// <see cref="UtpConnectionOptions.LingerTimeout"/>; connections that are not done by then are reset. Streams that are disposed, or have
    /// finished writing, end properly. Those that are still open are reset after what was written, so that no peer takes a part for the whole.
    /// </summary>
    /// <returns>Completes when the UDP socket is closed.</returns>
    public ValueTask DisposeAsync() => _engine.DisposeAsync();
}

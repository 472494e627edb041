using System.Net;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Utp.Transport.Options;
using Utp.Transport.Standalone;

namespace Utp.Transport;

/// <summary>
/// Listens for uTP connections without a host or container, as <see cref="System.Net.Sockets.TcpListener"/> does for TCP. It has its own UDP socket.
/// Programs that also connect from the port use <see cref="UtpSocket"/>, programs with a host <c>services.AddUtp()</c>, HTTP servers <c>UseUtp()</c>.
/// </summary>
public sealed class UtpListener : IUtpRateLimited, IAsyncDisposable
{
    private readonly UtpSocket _socket;

    private UtpListener(UtpSocket socket) => _socket = socket;

    /// <summary>Gets the bound address and UDP port: after binding to port 0, the port that the system chose.</summary>
    public IPEndPoint LocalEndPoint => _socket.LocalEndPoint;

    /// <summary>Gets the rate limits that the accepted connections share.</summary>
    public IUtpRateLimits RateLimits => _socket.AcceptedRateLimits;

    /// <summary>Binds a UDP socket and starts to listen.</summary>
    /// <param name="endPoint">
    /// The local address: an <see cref="IPEndPoint"/>, <see cref="UtpEndPoint"/> or <see cref="DnsEndPoint"/>. Port 0 lets the system choose;
    /// <see cref="IPAddress.IPv6Any"/> listens on all addresses of both families.
    /// </param>
    /// <param name="options">
    /// Options of the connections. Those that are not assigned are those of <paramref name="engine"/>'s <see cref="UtpEngineOptions.Transport"/>.
    /// </param>
    /// <param name="engine">Options of the socket, filter, loggers and clock; null gives the defaults.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The listener; disposing it closes its connections.</returns>
    /// <exception cref="AddressInUseException">Another program, or another listener, uses the address.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">This machine does not have the address, or its name is unknown.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of bounds; the message names it and what is allowed.</exception>
    /// <exception cref="NotSupportedException"><paramref name="endPoint"/> is of another kind.</exception>
    public static async ValueTask<UtpListener> BindAsync(
        EndPoint endPoint,
        UtpListenerOptions? options = null,
        UtpEngineOptions? engine = null,
        CancellationToken cancellationToken = default)
    {
        var local = StandaloneEngine.ToUtpEndPoint(endPoint);
        var engineOptions = StandaloneEngine.Check(engine);
        var copy = options is null ? new UtpListenerOptions() : new UtpListenerOptions(options);
        var effective = OptionSnapshot.TakeMerged(OptionKeys.Listener, copy, engineOptions.Transport, nameof(options));
        var socketOptions = new UtpSocketOptions((UtpConnectionOptions)effective) { MaxConnections = effective.MaxConnections };
        return new UtpListener(await UtpSocket.BindAsync(local, socketOptions, effective, engineOptions, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Waits for the next connection. Several callers may wait at once; each gets a different connection.</summary>
    /// <param name="cancellationToken">Ends the wait; no connection is lost.</param>
    /// <returns>The connection as a stream, for the caller to dispose.</returns>
    /// <exception cref="ObjectDisposedException">The listener is stopped or disposed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async ValueTask<UtpStream> AcceptAsync(CancellationToken cancellationToken = default) =>
        await _socket.TryAcceptAsync(cancellationToken).ConfigureAwait(false)
        ?? throw new ObjectDisposedException(nameof(UtpListener), "The listener has stopped.");

    /// <summary>Gets connections as they arrive, until the listener is stopped or disposed.</summary>
    /// <param name="cancellationToken">Ends the enumeration with <see cref="OperationCanceledException"/>.</param>
    /// <returns>The connections as streams, for the caller to dispose. Serve each in its own task, so that the next one need not wait.</returns>
    public async IAsyncEnumerable<UtpStream> AcceptAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var stream in _socket.AcceptAllAsync(cancellationToken).ConfigureAwait(false))
        {
            yield return stream;
        }
    }

    /// <summary>
    /// Stops listening: refuses new connections and resets those that were not accepted. Accepted connections continue. Further calls have no
    /// effect.
    /// </summary>
    /// <param name="cancellationToken">Has no effect: stopping does not wait for anything that a token could end.</param>
    /// <returns>Completes when the listener accepts no more connections.</returns>
    public ValueTask StopAsync(CancellationToken cancellationToken = default) => _socket.StopAcceptingAsync();

    /// <summary>
    /// Stops listening and closes every connection. Waits until the peers have acknowledged all written data, at most for
    /// <see cref="UtpConnectionOptions.LingerTimeout"/>, and resets connections that are not done by then. Streams that are disposed, or have finished
    /// writing, end properly. Streams that are still open are reset after their written data, so that the peer does not mistake a part for the
    /// whole.
    /// </summary>
    /// <returns>Completes when the UDP socket is closed.</returns>
    public ValueTask DisposeAsync() => _socket.DisposeAsync();

    /// <summary>Gets <c>utp://address:port</c>.</summary>
    /// <returns>The address listened on.</returns>
    public override string ToString() => _socket.ToString();
}

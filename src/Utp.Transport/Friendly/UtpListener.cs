using System.Net;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Utp.Transport.Engine;
using Utp.Transport.Hosting.Configuration;

namespace Utp.Transport;

/// <summary>
/// Listens for uTP connections without a host or container: what <see cref="System.Net.Sockets.TcpListener"/> is for TCP. It has a UDP socket
/// of its own. Programs with a host use <c>services.AddUtp()</c>, servers of HTTP <c>UseUtp()</c>.
/// </summary>
public sealed class UtpListener : IAsyncDisposable
{
    private readonly UtpEngine _engine;
    private readonly IConnectionListener _listener;
    private readonly TimeSpan _lingerTimeout;

    private UtpListener(UtpEngine engine, IConnectionListener listener, TimeSpan lingerTimeout)
    {
        _engine = engine;
        _listener = listener;
        _lingerTimeout = lingerTimeout;
        LocalEndPoint = ((UtpEndPoint)listener.EndPoint).IPEndPoint!;
    }

    /// <summary>Gets the address and UDP port that are really bound: after binding to port 0, the port that the system chose.</summary>
    public IPEndPoint LocalEndPoint { get; }

    /// <summary>Binds a UDP socket and starts to listen.</summary>
    /// <param name="endPoint">
    /// The local address: an <see cref="IPEndPoint"/>, <see cref="UtpEndPoint"/> or <see cref="DnsEndPoint"/>. Port 0 lets the system choose;
    /// <see cref="IPAddress.IPv6Any"/> listens on all addresses of both families.
    /// </param>
    /// <param name="options">Options of the connections; null takes those in <paramref name="transport"/>.</param>
    /// <param name="transport">Options of the socket, such as limits and kernel buffers; null takes the defaults.</param>
    /// <param name="loggerFactory">Where to log; null logs nothing.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The listener; disposing it closes its connections.</returns>
    /// <exception cref="AddressInUseException">Another program, or another listener, has the address.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">The address is not one of this machine, or its name is unknown.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of bounds; the message names it and what is allowed.</exception>
    /// <exception cref="NotSupportedException"><paramref name="endPoint"/> is of another kind.</exception>
    public static async ValueTask<UtpListener> BindAsync(
        EndPoint endPoint,
        UtpListenerOptions? options = null,
        UtpTransportOptions? transport = null,
        ILoggerFactory? loggerFactory = null,
        CancellationToken cancellationToken = default)
    {
        var local = StandaloneEngine.ToUtpEndPoint(endPoint);
        transport = StandaloneEngine.Check(transport);
        var effective = new UtpListenerOptions();
        (options ?? (UtpConnectionOptions)transport).CopyTo(effective);
        StandaloneEngine.Check(OptionKeys.Listener, effective, nameof(options));
        var lingerTimeout = effective.LingerTimeout;
        var engine = StandaloneEngine.Create(transport, lingerTimeout, loggerFactory);
        try
        {
            var listener = await new UtpConnectionListenerFactory(engine, Options.Create(transport))
                .BindAsync(local, effective, cancellationToken)
                .ConfigureAwait(false);
            return new UtpListener(engine, listener, lingerTimeout);
        }
        catch
        {
            await engine.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Waits for the next connection. Several callers may wait at once; each gets connections of its own.</summary>
    /// <param name="cancellationToken">Ends the wait; no connection is lost.</param>
    /// <returns>The connection as a stream, for the caller to dispose.</returns>
    /// <exception cref="ObjectDisposedException">The listener is stopped or disposed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async ValueTask<UtpStream> AcceptAsync(CancellationToken cancellationToken = default) =>
        await TryAcceptAsync(cancellationToken).ConfigureAwait(false) ?? throw new ObjectDisposedException(nameof(UtpListener), "The listener has stopped.");

    /// <summary>Gets connections as they come, until the listener is stopped or disposed.</summary>
    /// <param name="cancellationToken">Ends the enumeration with <see cref="OperationCanceledException"/>.</param>
    /// <returns>The connections as streams, for the caller to dispose; serve each in a task of its own so that the next need not wait.</returns>
    public async IAsyncEnumerable<UtpStream> AcceptAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (await TryAcceptAsync(cancellationToken).ConfigureAwait(false) is { } stream)
        {
            yield return stream;
        }
    }

    /// <summary>Refuses new connections and resets those that nobody has accepted. Accepted ones go on. Idempotent.</summary>
    /// <returns>Completes when no connection will be accepted any more.</returns>
    public ValueTask StopAsync() => _listener.UnbindAsync();

    /// <summary>
    /// Stops listening and closes every connection. Waits until the peers have acknowledged what was written, at most for
    /// <see cref="UtpConnectionOptions.LingerTimeout"/>; connections that are not done by then are reset. Streams that are disposed, or have
    /// finished writing, end properly. Those that are still open are reset after what was written, so that no peer takes a part for the whole.
    /// </summary>
    /// <returns>Completes when the UDP socket is closed.</returns>
    public async ValueTask DisposeAsync()
    {
        await _listener.DisposeAsync().ConfigureAwait(false);
        await _engine.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Gets <c>utp://address:port</c>.</summary>
    /// <returns>The address listened on.</returns>
    public override string ToString() => new UtpEndPoint(LocalEndPoint).ToUrl();

    private async ValueTask<UtpStream?> TryAcceptAsync(CancellationToken cancellationToken) =>
        await _listener.AcceptAsync(cancellationToken).ConfigureAwait(false) is { } connection
            ? new UtpStream(connection) { CloseTimeout = _lingerTimeout }
            : null;
}

using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Utp.Transport.Connections;
using Utp.Transport.Standalone;

namespace Utp.Transport;

/// <content>Accepting and opening connections.</content>
public sealed partial class UtpSocket
{
    /// <summary>Waits for the next connection. Several callers may wait at once; each gets a different connection.</summary>
    /// <param name="cancellationToken">Ends the wait; no connection is lost.</param>
    /// <returns>The connection as a stream, for the caller to dispose.</returns>
    /// <exception cref="IOException">The UDP socket has failed, and the address could not be bound again.</exception>
    /// <exception cref="ObjectDisposedException">The socket has stopped accepting, or is disposed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async ValueTask<UtpStream> AcceptAsync(CancellationToken cancellationToken = default) =>
        await TryAcceptAsync(cancellationToken).ConfigureAwait(false)
        ?? throw new ObjectDisposedException(nameof(UtpSocket), "The socket has stopped accepting connections.");

    /// <summary>Gets connections as they arrive, until the socket stops accepting or is disposed.</summary>
    /// <param name="cancellationToken">Ends the enumeration with <see cref="OperationCanceledException"/>.</param>
    /// <returns>The connections as streams, for the caller to dispose. Serve each in its own task, so that the next one need not wait.</returns>
    public async IAsyncEnumerable<UtpStream> AcceptAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (await TryAcceptAsync(cancellationToken).ConfigureAwait(false) is { } stream)
        {
            yield return stream;
        }
    }

    /// <summary>
    /// Stops accepting: refuses new connections, and resets those that were not accepted. Accepted connections continue, and the socket can still
    /// connect and send datagrams. Further calls have no effect.
    /// </summary>
    /// <returns>Completes when the socket accepts no more connections.</returns>
    public ValueTask StopAcceptingAsync() => _listener.UnbindAsync();

    /// <summary>Connects to a host from this socket's port.</summary>
    /// <param name="host">A name, whose addresses are tried until one answers, or the text of an IP address.</param>
    /// <param name="port">The UDP port, 1 to 65,535.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The connection as a stream, for the caller to dispose.</returns>
    /// <exception cref="SocketException">
    /// The connection was refused or timed out, or the host is unreachable or unresolvable, or it has no address of this socket's family.
    /// </exception>
    /// <exception cref="InvalidOperationException">The socket has <see cref="UtpSocketOptions.MaxConnections"/> connections already.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The socket is disposed.</exception>
#pragma warning disable RS0026 // No call can mean both overloads: one takes a name and a port, the other an endpoint.
    public ValueTask<UtpStream> ConnectAsync(string host, int port, CancellationToken cancellationToken = default) =>
        ConnectAsync(new UtpEndPoint(host, port), null, cancellationToken);

    /// <summary>Connects from this socket's port, with options for this connection.</summary>
    /// <param name="endPoint">The destination: an <see cref="IPEndPoint"/>, <see cref="UtpEndPoint"/> or <see cref="DnsEndPoint"/>.</param>
    /// <param name="options">Options that are not assigned are those of the socket; null takes all of those.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The connection as a stream, for the caller to dispose.</returns>
    /// <exception cref="SocketException">
    /// The connection was refused or timed out, or the host is unreachable or unresolvable, or the address is not of this socket's family.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of bounds; the message names it and what is allowed.</exception>
    /// <exception cref="InvalidOperationException">The socket has <see cref="UtpSocketOptions.MaxConnections"/> connections already.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The socket is disposed.</exception>
    public async ValueTask<UtpStream> ConnectAsync(EndPoint endPoint, UtpConnectionOptions? options = null, CancellationToken cancellationToken = default)
#pragma warning restore RS0026
    {
        var remote = StandaloneEngine.ToUtpEndPoint(endPoint);
        return new UtpStream(await _factory.ConnectAsync(remote, options, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Waits for the next connection. Returns null when the socket has stopped accepting.</summary>
    internal async ValueTask<UtpStream?> TryAcceptAsync(CancellationToken cancellationToken) =>
        await _listener.AcceptAsync(cancellationToken).ConfigureAwait(false) is { } connection
            ? new UtpStream(connection)
            : null;
}

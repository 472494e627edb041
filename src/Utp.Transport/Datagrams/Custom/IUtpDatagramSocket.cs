using System.Net;
using System.Net.Sockets;

namespace Utp.Transport;

/// <summary>A socket of an <see cref="IUtpDatagramLayer"/>. One receive and one send may run at the same time.</summary>
public interface IUtpDatagramSocket : IDisposable
{
    /// <summary>Gets the endpoint that the socket is bound to. Its port is not 0, and no other open socket of the layer has the same.</summary>
    IPEndPoint LocalEndPoint { get; }

    /// <summary>
    /// Receives one datagram. The engine calls it on a thread pool thread, one call at a time, and again as soon as it has returned a datagram.
    /// </summary>
    /// <param name="buffer">The memory for the datagram: 64 KiB. It is valid until the returned task completes.</param>
    /// <param name="cancellationToken">Cancelled when the engine closes the socket, before it disposes it.</param>
    /// <returns>The length of the datagram, and its sender, an <see cref="IPEndPoint"/>.</returns>
    /// <exception cref="SocketException">An error that passes: the engine tries again. Any other exception ends the socket and its connections.</exception>
    ValueTask<SocketReceiveFromResult> ReceiveFromAsync(Memory<byte> buffer, CancellationToken cancellationToken);

    /// <summary>
    /// Sends one datagram. The engine calls it on any thread, one call at a time, and holds up every connection of the socket meanwhile: the method
    /// must not wait, and must not call the engine. A datagram that cannot be sent now is lost, as it may be in any network.
    /// </summary>
    /// <param name="datagram">The bytes, valid during the call.</param>
    /// <param name="remote">The destination.</param>
    /// <exception cref="SocketException">The datagram was not sent. The connection tries again later, and a connect may fail as unreachable.</exception>
    void SendTo(ReadOnlySpan<byte> datagram, IPEndPoint remote);
}

using System.Net;

namespace Utp.Transport;

/// <summary>
/// Replaces the UDP sockets of the engine, so that uTP runs over anything that carries datagrams: a SOCKS5 proxy, a TURN relay, a tunnel, a test
/// network. Register an implementation as a service, or set <see cref="UtpEngineOptions.DatagramLayer"/>.
/// </summary>
/// <remarks>
/// It costs speed: datagrams pass one by one, without segmentation offload, batches and shards. Options of the kernel's sockets
/// (<see cref="UtpTransportOptions.Shards"/>, buffers, marking, interface) have no effect. The layer should carry datagrams of 1,252 bytes, or
/// <see cref="UtpConnectionOptions.MtuCeiling"/> has to be lower.
/// </remarks>
public interface IUtpDatagramLayer
{
    /// <summary>
    /// Opens a socket. The engine calls it when a listener binds, when a client first connects, and again when a listener's socket has failed. It
    /// holds a lock during the call: the method must not wait for the network, and must not call the engine, its listeners or its clients.
    /// A layer that has to set something up does that in <see cref="IUtpDatagramSocket.ReceiveFromAsync"/>.
    /// </summary>
    /// <param name="local">The endpoint to bind. Port 0 lets the layer choose.</param>
    /// <returns>The socket, which the engine owns and disposes.</returns>
    /// <exception cref="System.Net.Sockets.SocketException">The layer cannot bind this endpoint. The caller of the engine gets the exception.</exception>
    IUtpDatagramSocket Open(IPEndPoint local);
}

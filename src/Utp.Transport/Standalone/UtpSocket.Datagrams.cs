using System.Net;

namespace Utp.Transport;

/// <content>Datagrams of other protocols that share the port.</content>
public sealed partial class UtpSocket
{
    /// <summary>
    /// Gets or sets the handler of datagrams that are not uTP packets. Null, the default, counts and drops them. A datagram that is being handled when
    /// the property changes goes to either handler.
    /// </summary>
    public INonUtpDatagramHandler? NonUtpDatagramHandler
    {
        get => _engine.NonUtpDatagramHandler;
        set => _engine.NonUtpDatagramHandler = value;
    }

    /// <summary>Sends one datagram that is not uTP from this socket's port, as unreliably as UDP does. It never waits.</summary>
    /// <param name="remote">The destination.</param>
    /// <param name="datagram">
    /// The bytes, at most 65,507. The first byte must not be 0x01, 0x11, 0x21, 0x31 or 0x41, because the peer would read the datagram as uTP.
    /// </param>
    /// <returns>False when 256 datagrams already wait to be sent, when the address is not of this socket's family, or when the socket is disposed.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The datagram is too long for UDP.</exception>
    public bool TrySend(IPEndPoint remote, ReadOnlySpan<byte> datagram) => _engine.TrySend(_listener.Sockets.LocalEndPoint, remote, datagram);

    /// <summary>
    /// Sends one datagram that is not uTP from an address of this socket, as a handler does to answer from the address that it was asked at.
    /// </summary>
    /// <param name="local">
    /// <see cref="LocalEndPoint"/>, or an address of this machine with this socket's port if that is a wildcard;
    /// <see cref="INonUtpDatagramSender.TrySend"/> says more.
    /// </param>
    /// <param name="remote">The destination.</param>
    /// <param name="datagram">The bytes, as for <see cref="TrySend(IPEndPoint, ReadOnlySpan{byte})"/>.</param>
    /// <returns>False when 256 datagrams already wait to be sent, when the socket is disposed, or when it does not have the endpoint.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The datagram is too long for UDP.</exception>
    public bool TrySend(IPEndPoint local, IPEndPoint remote, ReadOnlySpan<byte> datagram) => _engine.TrySend(local, remote, datagram);
}

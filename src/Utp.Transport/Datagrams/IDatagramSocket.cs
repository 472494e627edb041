using System.Net;
using System.Net.Sockets;
using Utp.Protocol.Addresses;
using Utp.Transport.Datagrams.Portable;

namespace Utp.Transport.Datagrams;

/// <summary>The few socket calls of <see cref="PortableDatagramChannel"/>, apart so that tests can make each of them fail in every way.</summary>
internal interface IDatagramSocket : IDisposable
{
    /// <summary>More than zero when a receive would bring a datagram now.</summary>
    int Available { get; }

    bool WaitReadable(TimeSpan timeout);

    bool WaitWritable(TimeSpan timeout);

    /// <summary>Does not wait.</summary>
    /// <param name="buffer">Where to.</param>
    /// <param name="remote">Gets the sender.</param>
    /// <param name="local">The address that the datagram was sent to; <c>default</c> where the socket does not tell.</param>
    /// <exception cref="SocketException">The system reported an error, "nothing there" included.</exception>
    int Receive(Span<byte> buffer, SocketAddress remote, out LocalAddress local);

    /// <summary>Does not wait.</summary>
    /// <param name="datagram">The bytes.</param>
    /// <param name="remote">Where to.</param>
    /// <param name="local">Where from, if the socket can choose; <c>default</c> leaves the choice to the system.</param>
    /// <exception cref="SocketException">The system reported an error, "buffer full" included.</exception>
    void Send(ReadOnlySpan<byte> datagram, SocketAddress remote, in LocalAddress local);

    /// <summary>An error that waits on the socket without a datagram; reading clears it.</summary>
    SocketError TakePendingError();

    /// <summary>Whether routers and the own system may cut datagrams of this family that are too long.</summary>
    void SetFragmentation(bool ipv4, bool allowed);

    /// <summary>As <see cref="IDatagramChannel.ReceiveDropCount"/>.</summary>
    long? ReadDropCount();
}

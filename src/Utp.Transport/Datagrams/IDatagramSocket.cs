using System.Net;
using System.Net.Sockets;
using Utp.Protocol.Addresses;
using Utp.Transport.Datagrams.Portable;

namespace Utp.Transport.Datagrams;

/// <summary>The socket calls of <see cref="PortableDatagramChannel"/>, separate so that tests can make each of them fail in every way.</summary>
internal interface IDatagramSocket : IDisposable
{
    /// <summary>More than zero when a receive would return a datagram now.</summary>
    int Available { get; }

    bool WaitReadable(TimeSpan timeout);

    bool WaitWritable(TimeSpan timeout);

    /// <summary>Receives a datagram without waiting.</summary>
    /// <param name="buffer">The memory for the datagram.</param>
    /// <param name="remote">Receives the sender's address.</param>
    /// <param name="local">The address that the datagram was sent to; <c>default</c> where the socket does not report it.</param>
    /// <exception cref="SocketException">The system reported an error; this includes "no datagram".</exception>
    int Receive(Span<byte> buffer, SocketAddress remote, out LocalAddress local);

    /// <summary>Sends a datagram without waiting.</summary>
    /// <param name="datagram">The bytes of the datagram.</param>
    /// <param name="remote">The destination.</param>
    /// <param name="local">The source address, if the socket can choose it; <c>default</c> leaves the choice to the system.</param>
    /// <exception cref="SocketException">The system reported an error; this includes "buffer full".</exception>
    void Send(ReadOnlySpan<byte> datagram, SocketAddress remote, in LocalAddress local);

    /// <summary>Reads and clears an error that is queued on the socket without a datagram.</summary>
    SocketError TakePendingError();

    /// <summary>Sets whether routers and this system may fragment datagrams of this family.</summary>
    void SetFragmentation(bool ipv4, bool allowed);

    /// <summary>As <see cref="IDatagramChannel.ReceiveDropCount"/>.</summary>
    long? ReadDropCount();
}

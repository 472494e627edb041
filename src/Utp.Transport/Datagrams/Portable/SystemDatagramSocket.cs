using System.Net;
using System.Net.Sockets;
using Utp.Protocol.Addresses;

namespace Utp.Transport.Datagrams.Portable;

/// <summary><see cref="IDatagramSocket"/> over the system's socket.</summary>
internal sealed class SystemDatagramSocket(UdpSocket udp) : IDatagramSocket
{
    private readonly Socket _socket = udp.Socket;

    public int Available => _socket.Available;

    public bool WaitReadable(TimeSpan timeout) => _socket.Poll(timeout, SelectMode.SelectRead);

    public bool WaitWritable(TimeSpan timeout) => _socket.Poll(timeout, SelectMode.SelectWrite);

    public int Receive(Span<byte> buffer, SocketAddress remote, out LocalAddress local)
    {
        local = default;

        // The runtime shrinks the size to the length of the last sender's address, and demands the full size.
        remote.Size = SocketAddress.GetMaximumAddressSize(_socket.AddressFamily);
        return _socket.ReceiveFrom(buffer, SocketFlags.None, remote);
    }

    public void Send(ReadOnlySpan<byte> datagram, SocketAddress remote, in LocalAddress local) => _socket.SendTo(datagram, SocketFlags.None, remote);

    public SocketError TakePendingError() => (SocketError)(int)_socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!;

    public void SetFragmentation(bool ipv4, bool allowed) => udp.Fragmentation.Set(ipv4, allowed);

    public long? ReadDropCount() => udp.ReadDropCount();

    public void Dispose() => _socket.Dispose();
}

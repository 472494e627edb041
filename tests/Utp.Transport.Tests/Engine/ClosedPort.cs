using System.Net;
using System.Net.Sockets;

namespace Utp.Transport.Tests.Engine;

/// <summary>
/// A UDP port that is closed to peers and that no other socket can take. A socket that is connected to itself has it, and Linux reports datagrams of
/// all other peers as refused. A port that a test had merely closed could belong to another test when the datagram arrives.
/// </summary>
internal sealed class ClosedPort : IDisposable
{
    private readonly Socket _holder;

    public ClosedPort(IPAddress address)
    {
        _holder = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        _holder.Bind(new IPEndPoint(address, 0));
        EndPoint = (IPEndPoint)_holder.LocalEndPoint!;
        _holder.Connect(EndPoint);
    }

    public IPEndPoint EndPoint { get; }

    public void Dispose() => _holder.Dispose();
}

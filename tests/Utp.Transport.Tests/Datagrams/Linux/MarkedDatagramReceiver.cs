using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Utp.Transport.Datagrams.Linux;

namespace Utp.Transport.Tests.Datagrams.Linux;

/// <summary>A socket that reads the type of service, or traffic class, of each datagram.</summary>
internal sealed class MarkedDatagramReceiver : IDisposable
{
    private const int LevelIPv4 = 0;
    private const int LevelIPv6 = 41;
    private const int TypeOfService = 1;
    private const int ReceiveTypeOfService = 13;
    private const int ReceiveTrafficClass = 66;
    private const int TrafficClass = 67;

    private readonly Socket _socket;

    public MarkedDatagramReceiver(IPAddress address)
    {
        _socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = (int)ChannelFixture.Patience.TotalMilliseconds };
        _socket.Bind(new IPEndPoint(address, 0));
        var one = 1;
        var (level, name) = address.AddressFamily == AddressFamily.InterNetwork ? (LevelIPv4, ReceiveTypeOfService) : (LevelIPv6, ReceiveTrafficClass);
        _socket.SetRawSocketOption(level, name, MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in one)));
    }

    public IPEndPoint LocalEndPoint => (IPEndPoint)_socket.LocalEndPoint!;

    /// <summary>Receives a datagram; returns its type of service or traffic class, and -1 when the system does not report one.</summary>
    public unsafe int Receive()
    {
        Assert.True(_socket.Poll(ChannelFixture.Patience, SelectMode.SelectRead), "no datagram came");
        var bytes = stackalloc byte[2_048];
        var control = stackalloc byte[256];
        var vector = new IoVector { Base = bytes, Length = 2_048 };
        var message = new MessageHeader { Vectors = &vector, VectorCount = 1, Control = control, ControlLength = 256 };
        Assert.True(LibC.ReceiveMessage((int)_socket.SafeHandle.DangerousGetHandle(), &message, LibC.DoNotWait) >= 0, "recvmsg failed");
        var offset = 0;
        for (var header = ControlHeader.At(message, offset); header is not null; header = ControlHeader.At(message, offset))
        {
            if ((header->Level, header->Type) is (LevelIPv4, TypeOfService) or (LevelIPv6, TrafficClass))
            {
                return *((byte*)header + ControlHeader.Bytes);
            }

            offset += ControlHeader.Align((int)header->Length);
        }

        return -1;
    }

    public void Dispose() => _socket.Dispose();
}

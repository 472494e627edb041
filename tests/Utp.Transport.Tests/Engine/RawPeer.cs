using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Utp.Protocol.Wire;
using Utp.Transport.Datagrams;

namespace Utp.Transport.Tests.Engine;

/// <summary>
/// A peer made of one UDP socket, which sends what a test tells it to and acknowledges nothing. It needs only the thread of the test.
/// </summary>
internal sealed class RawPeer : IDisposable
{
    private const ushort ReceiveId = 4_000;
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly byte[] _buffer = new byte[4_096];
    private readonly ushort _acknowledged;
    private ushort _nextSequence = 1;

    /// <summary>Connects; the acceptor regards the peer as connected when the first data has arrived.</summary>
    public RawPeer(IPEndPoint listener)
    {
        _socket.Connect(listener);
        Send(PacketType.Syn, []);
        _acknowledged = (ushort)(ReceiveUntil(header => header.Type == PacketType.State, EngineFixture.Patience)!.Value.Sequence.Value - 1);
    }

    /// <summary>Sends the next numbered segment; returns its number.</summary>
    public SequenceNumber SendData(params byte[] payload) => Send(PacketType.Data, payload);

    /// <summary>Waits for a packet and skips others; null after the time.</summary>
    public PacketHeader? ReceiveUntil(Func<PacketHeader, bool> isWanted, TimeSpan atMost)
    {
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < atMost;)
        {
            if (!_socket.Poll(atMost - watch.Elapsed, SelectMode.SelectRead))
            {
                break;
            }

            var length = _socket.Receive(_buffer);
            if (PacketHeader.TryRead(_buffer.AsSpan(0, length), out var header) && isWanted(header))
            {
                return header;
            }
        }

        return null;
    }

    /// <summary>Resets the connection, which would otherwise wait for answers.</summary>
    public void Dispose()
    {
        Send(PacketType.Reset, []);
        _socket.Dispose();
    }

    private SequenceNumber Send(PacketType type, byte[] payload)
    {
        var sequence = new SequenceNumber(_nextSequence++);
        var datagram = new byte[PacketHeader.Size + payload.Length];
        new PacketHeader
        {
            Type = type,
            ConnectionId = type == PacketType.Syn ? ReceiveId : (ushort)(ReceiveId + 1),
            Timestamp = (uint)Math.Max(1, Stopwatch.GetTimestamp() / 1_000),
            WindowBytes = 1_000_000,
            Sequence = sequence,
            Acknowledgement = new SequenceNumber(_acknowledged),
        }.Write(datagram);
        payload.CopyTo(datagram, PacketHeader.Size);
        _socket.Send(datagram);
        return sequence;
    }
}

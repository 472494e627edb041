using Utp.Protocol.Addresses;
using Utp.Transport.Sockets;

namespace Utp.Transport.Sharing;

/// <summary>Non-uTP datagrams that wait to be sent from a UDP socket, because only the holder of the turn sends.</summary>
internal sealed class OutgoingNonUtpDatagrams(SocketShard socket)
{
    private const int QueueCapacity = 256;

    private readonly Lock _lock = new();
    private readonly Queue<(PeerAddress Remote, LocalAddress Local, byte[] Bytes)> _queue = new();
    private int _count;

    public bool HasAny => Volatile.Read(ref _count) > 0;

    public bool TryAdd(in PeerAddress remote, in LocalAddress local, ReadOnlySpan<byte> datagram)
    {
        lock (_lock)
        {
            if (_queue.Count >= QueueCapacity || socket.IsClosed)
            {
                return false;
            }

            _queue.Enqueue((remote, local, datagram.ToArray()));
            Interlocked.Exchange(ref _count, _queue.Count);
        }

        socket.TryRun();
        return true;
    }

    public bool TryTake(out PeerAddress remote, out LocalAddress local, out byte[] datagram)
    {
        if (HasAny)
        {
            lock (_lock)
            {
                if (_queue.TryDequeue(out var next))
                {
                    Volatile.Write(ref _count, _queue.Count);
                    (remote, local, datagram) = next;
                    return true;
                }
            }
        }

        (remote, local, datagram) = (default, default, []);
        return false;
    }

    public void Clear()
    {
        lock (_lock)
        {
            _queue.Clear();
            Volatile.Write(ref _count, 0);
        }
    }
}

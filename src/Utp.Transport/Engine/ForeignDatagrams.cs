using System.Buffers;
using System.Net;
using Utp.Protocol;
using Utp.Transport.Diagnostics;

namespace Utp.Transport.Engine;

/// <summary>
/// Datagrams of other protocols on a uTP socket. Both directions pass through a short queue: the handler is code of the application and
/// runs on the thread pool, and only the one with the turn sends.
/// </summary>
internal sealed class ForeignDatagrams(UtpEngine engine, UtpSocket socket) : IThreadPoolWorkItem
{
    private const int QueueCapacity = 256;

    private readonly Lock _lock = new();
    private readonly Queue<(PeerAddress Remote, byte[] Bytes, int Length)> _incoming = new();
    private readonly Queue<(PeerAddress Remote, byte[] Bytes)> _outgoing = new();
    private int _outgoingCount;
    private bool _delivering;

    /// <summary>Datagrams that nobody took: there is no handler, or it is too slow.</summary>
    public long DroppedCount { get; private set; }

    public bool HasOutgoing => Volatile.Read(ref _outgoingCount) > 0;

    /// <summary>Called with the turn.</summary>
    public void Received(in PeerAddress remote, ReadOnlySpan<byte> datagram)
    {
        if (engine.ForeignDatagramHandler is null)
        {
            DroppedCount++;
            return;
        }

        lock (_lock)
        {
            if (_incoming.Count >= QueueCapacity)
            {
                DroppedCount++;
                return;
            }

            var bytes = ArrayPool<byte>.Shared.Rent(datagram.Length);
            datagram.CopyTo(bytes);
            _incoming.Enqueue((remote, bytes, datagram.Length));
            if (_delivering)
            {
                return;
            }

            _delivering = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    public bool TrySend(IPEndPoint remote, ReadOnlySpan<byte> datagram)
    {
        lock (_lock)
        {
            if (_outgoing.Count >= QueueCapacity || socket.IsClosed)
            {
                return false;
            }

            _outgoing.Enqueue((PeerAddress.FromEndPoint(remote), datagram.ToArray()));
            Interlocked.Exchange(ref _outgoingCount, _outgoing.Count);
        }

        socket.TryRun();
        return true;
    }

    public bool TryTakeOutgoing(out PeerAddress remote, out byte[] datagram)
    {
        if (HasOutgoing)
        {
            lock (_lock)
            {
                if (_outgoing.TryDequeue(out var next))
                {
                    Volatile.Write(ref _outgoingCount, _outgoing.Count);
                    (remote, datagram) = next;
                    return true;
                }
            }
        }

        (remote, datagram) = (default, []);
        return false;
    }

    public void DropOutgoing()
    {
        lock (_lock)
        {
            _outgoing.Clear();
            Volatile.Write(ref _outgoingCount, 0);
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        while (true)
        {
            (PeerAddress Remote, byte[] Bytes, int Length) next;
            lock (_lock)
            {
                if (!_incoming.TryDequeue(out next))
                {
                    _delivering = false;
                    return;
                }
            }

            try
            {
                engine.ForeignDatagramHandler?.OnDatagram(socket.LocalEndPoint, next.Remote.ToEndPoint(), next.Bytes.AsSpan(0, next.Length));
            }
#pragma warning disable CA1031 // Code of the application: its exceptions must not end the delivery.
            catch (Exception e)
#pragma warning restore CA1031
            {
                UtpLog.ForeignDatagramHandlerFailed(engine.Logger, e);
            }

            ArrayPool<byte>.Shared.Return(next.Bytes);
        }
    }
}

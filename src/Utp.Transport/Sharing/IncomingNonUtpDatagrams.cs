using System.Buffers;
using System.Net;
using Utp.Protocol.Addresses;
using Utp.Protocol.Sockets;
using Utp.Transport.Diagnostics;
using Utp.Transport.Engine;

namespace Utp.Transport.Sharing;

/// <summary>
/// Non-uTP datagrams (<see cref="Protocol.Sockets.DatagramResult.NotUtp"/>) that arrived at one local endpoint, on any of its shards. The handler is code
/// of the application: it runs on the thread pool, with one datagram at a time, and datagrams that exceed its speed are dropped.
/// </summary>
internal sealed class IncomingNonUtpDatagrams(UtpEngine engine, IPEndPoint local) : IThreadPoolWorkItem
{
    private const int QueueCapacity = 256;

    private readonly Lock _lock = new();
    private readonly Queue<(PeerAddress Remote, LocalAddress Local, byte[] Bytes, int Length)> _queue = new();
    private bool _delivering;
    private LocalAddress _lastAddress;
    private IPEndPoint? _lastEndPoint;

    /// <summary>Queues a datagram; false when there is no handler, or when it is too slow. Any thread may call it.</summary>
    public bool TryAdd(in PeerAddress remote, in LocalAddress address, ReadOnlySpan<byte> datagram)
    {
        if (engine.NonUtpDatagramHandler is null)
        {
            return false;
        }

        lock (_lock)
        {
            if (_queue.Count >= QueueCapacity)
            {
                return false;
            }

            var bytes = ArrayPool<byte>.Shared.Rent(datagram.Length);
            datagram.CopyTo(bytes);
            _queue.Enqueue((remote, address, bytes, datagram.Length));
            if (_delivering)
            {
                return true;
            }

            _delivering = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        return true;
    }

    void IThreadPoolWorkItem.Execute()
    {
        while (true)
        {
            (PeerAddress Remote, LocalAddress Local, byte[] Bytes, int Length) next;
            lock (_lock)
            {
                if (!_queue.TryDequeue(out next))
                {
                    _delivering = false;
                    return;
                }
            }

            try
            {
                engine.NonUtpDatagramHandler?.OnDatagram(EndPointOf(next.Local), next.Remote.ToEndPoint(), next.Bytes.AsSpan(0, next.Length));
            }
#pragma warning disable CA1031 // The handler is code of the application: its exceptions must not end the delivery.
            catch (Exception e)
#pragma warning restore CA1031
            {
                UtpLog.NonUtpDatagramHandlerFailed(engine.Logger, e);
            }

            ArrayPool<byte>.Shared.Return(next.Bytes);
        }
    }

    /// <summary>Gets the endpoint, cached because most datagrams come to the same address as the last one; only one is delivered at a time.</summary>
    private IPEndPoint EndPointOf(in LocalAddress address)
    {
        if (_lastEndPoint is null || address != _lastAddress)
        {
            _lastAddress = address;
            _lastEndPoint = address.IsUnspecified ? local : address.ToEndPoint(local.Port);
        }

        return _lastEndPoint;
    }
}

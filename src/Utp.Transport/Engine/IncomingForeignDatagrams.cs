using System.Buffers;
using System.Net;
using Utp.Protocol;
using Utp.Transport.Diagnostics;

namespace Utp.Transport.Engine;

/// <summary>
/// Datagrams of other protocols that came to one local endpoint, on any of its shards. The handler is code of the application: it runs on the
/// thread pool, with one datagram at a time, and what is too much for it is dropped.
/// </summary>
internal sealed class IncomingForeignDatagrams(UtpEngine engine, IPEndPoint local) : IThreadPoolWorkItem
{
    private const int QueueCapacity = 256;

    private readonly Lock _lock = new();
    private readonly Queue<(PeerAddress Remote, byte[] Bytes, int Length)> _queue = new();
    private bool _delivering;

    /// <summary>False when nobody takes it: there is no handler, or it is too slow. Any thread.</summary>
    public bool TryAdd(in PeerAddress remote, ReadOnlySpan<byte> datagram)
    {
        if (engine.ForeignDatagramHandler is null)
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
            _queue.Enqueue((remote, bytes, datagram.Length));
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
            (PeerAddress Remote, byte[] Bytes, int Length) next;
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
                engine.ForeignDatagramHandler?.OnDatagram(local, next.Remote.ToEndPoint(), next.Bytes.AsSpan(0, next.Length));
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

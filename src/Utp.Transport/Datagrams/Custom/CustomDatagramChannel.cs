using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using Utp.Protocol.Addresses;
using Utp.Protocol.Sockets;
using Utp.Protocol.Time;
using Utp.Transport.Datagrams.Sharding;
using Utp.Transport.Engine;

namespace Utp.Transport.Datagrams.Custom;

/// <summary>
/// The datagrams of an <see cref="IUtpDatagramSocket"/>, which is code of the application. A task receives them into a queue, from which the receive
/// thread takes them, so that a wait can have a deadline and can be woken.
/// </summary>
internal sealed class CustomDatagramChannel : IDatagramChannel
{
    /// <summary>Maximum number of datagrams that wait for the receive thread. More are dropped, as a kernel does when its buffer is full.</summary>
    private const int QueueCapacity = 1_024;

    private const int LargestDatagramBytes = 64 * 1024;

    /// <summary>The pause after an error of a receive, so that a layer that is broken does not burn a processor.</summary>
    private static readonly TimeSpan ErrorPause = TimeSpan.FromMilliseconds(10);

    private readonly IUtpDatagramSocket _socket;
    private readonly UtpClock _clock;
    private readonly CancellationTokenSource _closing = new();
    private readonly object _queueLock = new();
    private readonly Queue<(PeerAddress From, byte[] Bytes, int Length, Instant Arrival)> _queue = new();
    private PeerAddress _lastRemote;
    private IPEndPoint? _lastEndPoint;
    private Exception? _failure;
    private int _errorCount;
    private bool _wakeRequested;
    private bool _closed;

    public CustomDatagramChannel(IUtpDatagramSocket socket, UtpClock clock)
    {
        _socket = socket;
        _clock = clock;
        LocalEndPoint = socket.LocalEndPoint;
        using (ExecutionContext.SuppressFlow())
        {
            _ = Task.Run(ReceiveAllAsync);
        }
    }

    public IPEndPoint LocalEndPoint { get; }

    public string Name => "custom";

    /// <summary>With more, the wire timestamps of the last segments would be older than they say.</summary>
    public int MaxSegmentsPerTrain => 16;

    public int ReceiveBufferBytes => 0;

    public int SendBufferBytes => 0;

    /// <summary>Gets the function that opens the channels of an engine: through the layer, or through the system if there is none.</summary>
    public static OpenChannels OpenerOf(IUtpDatagramLayer? layer)
    {
        if (layer is null)
        {
            return ShardedChannels.Create;
        }

        return (local, _, _, clock, _) => [new CustomDatagramChannel(layer.Open(local), clock)];
    }

    public bool Receive(DatagramBatch batch, Instant deadline)
    {
        batch.Clear();
        lock (_queueLock)
        {
            while (!_closed && !_wakeRequested && _failure is null && _queue.Count == 0 && TimeTo(deadline) is { } longest)
            {
                Monitor.Wait(_queueLock, longest);
            }

            _wakeRequested = false;
            if (_failure is { } failure && !_closed)
            {
                ExceptionDispatchInfo.Throw(failure);
            }

            batch.ErrorCount = Interlocked.Exchange(ref _errorCount, 0);
            while (!_closed && batch.Count < batch.Capacity && _queue.TryDequeue(out var datagram))
            {
                datagram.Bytes.AsSpan(0, datagram.Length).CopyTo(batch.NextEntry);
                batch.Add(datagram.From, datagram.Length, datagram.Length, datagram.Arrival);
                ArrayPool<byte>.Shared.Return(datagram.Bytes);
            }

            return batch.Count > 0;
        }
    }

    public SendOutcome Send(in Transmit transmit, ReadOnlySpan<byte> train, out int bytesSent)
    {
        bytesSent = 0;
        if (_lastEndPoint is null || transmit.Remote != _lastRemote)
        {
            _lastRemote = transmit.Remote;
            _lastEndPoint = transmit.Remote.ToEndPoint();
        }

        try
        {
            while (bytesSent < transmit.Length)
            {
                var length = Math.Min(transmit.SegmentSize, transmit.Length - bytesSent);
                _socket.SendTo(train.Slice(bytesSent, length), _lastEndPoint);
                bytesSent += length;
            }

            return SendOutcome.Sent;
        }
        catch (SocketException e)
        {
            // A layer cannot say when it takes more, so a full buffer counts as loss.
            var outcome = SocketErrors.ToSendOutcome(e.SocketErrorCode);
            return outcome == SendOutcome.WouldBlock ? SendOutcome.Sent : outcome;
        }
        catch (ObjectDisposedException)
        {
            return SendOutcome.Closed;
        }
    }

    public bool WaitWritable(TimeSpan timeout) => !Volatile.Read(ref _closed);

    public void Wake()
    {
        lock (_queueLock)
        {
            _wakeRequested = true;
            Monitor.PulseAll(_queueLock);
        }
    }

    public void Dispose()
    {
        lock (_queueLock)
        {
            if (_closed)
            {
                return;
            }

            _closed = true;
            Monitor.PulseAll(_queueLock);
        }

        // On another thread, because a callback of the layer may run in it.
        ThreadPool.UnsafeQueueUserWorkItem(static channel => channel.CloseSocket(), this, preferLocal: false);
    }

    private void CloseSocket()
    {
        try
        {
            try
            {
                _closing.Cancel();
            }
            finally
            {
                _socket.Dispose();
                _closing.Dispose();
            }
        }
#pragma warning disable CA1031 // The layer is code of the application. Its exception must not end the process.
        catch (Exception)
#pragma warning restore CA1031
        {
            // The socket is of no use any more.
        }
    }

    private async Task ReceiveAllAsync()
    {
        var buffer = new byte[LargestDatagramBytes];
        try
        {
            while (!Volatile.Read(ref _closed))
            {
                await ReceiveOneAsync(buffer).ConfigureAwait(false);
            }
        }
#pragma warning disable CA1031 // The receive thread throws it in turn, which ends the socket as a failure of the system's would.
        catch (Exception e)
#pragma warning restore CA1031
        {
            lock (_queueLock)
            {
                _failure = e;
                Monitor.PulseAll(_queueLock);
            }
        }
    }

    private async Task ReceiveOneAsync(byte[] buffer)
    {
        try
        {
            var received = await _socket.ReceiveFromAsync(buffer, _closing.Token).ConfigureAwait(false);
            Enqueue(PeerAddress.FromEndPoint((IPEndPoint)received.RemoteEndPoint), buffer.AsSpan(0, received.ReceivedBytes));
        }
        catch (SocketException) when (!Volatile.Read(ref _closed))
        {
            Interlocked.Increment(ref _errorCount);
            await Task.Delay(ErrorPause, _closing.Token).ConfigureAwait(false);
        }
    }

    private void Enqueue(in PeerAddress from, ReadOnlySpan<byte> datagram)
    {
        lock (_queueLock)
        {
            if (_closed || _queue.Count == QueueCapacity)
            {
                Interlocked.Increment(ref _errorCount);
                return;
            }

            var bytes = ArrayPool<byte>.Shared.Rent(datagram.Length);
            datagram.CopyTo(bytes);
            _queue.Enqueue((from, bytes, datagram.Length, _clock.Now));
            Monitor.PulseAll(_queueLock);
        }
    }

    /// <summary>Gets the time to the deadline in whole milliseconds; null when it has passed.</summary>
    private TimeSpan? TimeTo(Instant deadline)
    {
        if (deadline.IsNever)
        {
            return Timeout.InfiniteTimeSpan;
        }

        var micros = deadline - _clock.Now;
        return micros > 0 ? TimeSpan.FromMilliseconds(Math.Min((micros + 999) / 1_000, int.MaxValue)) : null;
    }
}

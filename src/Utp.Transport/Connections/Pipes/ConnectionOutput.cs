using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Tasks.Sources;
using Utp.Transport.Sockets;

namespace Utp.Transport.Connections.Pipes;

/// <summary>
/// The pipe of bytes to send, and the retransmission buffer: a byte stays until the peer acknowledges it. The application writes. A flush signals
/// the turn that there is something to send, and waits while the pipe holds more than its limit. When the connection takes no more bytes, writes
/// have no effect and flushes return <see cref="FlushResult.IsCompleted"/>, as on a socket whose peer is gone.
/// </summary>
/// <param name="owner">The connection.</param>
/// <param name="pool">The source of the pipe's memory.</param>
/// <param name="limitBytes">How many bytes the pipe may hold before a flush waits, until <see cref="ReleaseAndGetUnacknowledged"/> sets another limit: over
/// short paths the connections of a socket share their buffers (<see cref="Sockets.BufferShare"/>).</param>
internal sealed partial class ConnectionOutput(IPipeOwner owner, MemoryPool<byte> pool, int limitBytes)
    : PipeWriter, IPipeOperation<FlushResult>, IValueTaskSource<FlushResult>, IThreadPoolWorkItem
{
    private static readonly Action<object?, CancellationToken> CancelByToken = static (state, token) =>
    {
        var output = (ConnectionOutput)state!;
        output.Queue(output._operation.TryCancel(token));
    };

    private PipeOperation<FlushResult> _operation = new();
    private SegmentChain _chain;
    private int _limitBytes = limitBytes;

    /// <summary>Whether the pipe holds too much: the flush that found so waits.</summary>
    private bool _isPaused;
    private bool _isFlushCanceled;
    private bool _isWriterCompleted;
    private bool _isReaderCompleted;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _chain.UncommittedLength;

    private bool IsReady => !_isPaused || _isFlushCanceled;

    bool IPipeOperation<FlushResult>.IsReady => IsReady;

    bool IPipeOperation<FlushResult>.IsFaulted => false;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sizeHint);
        if (_chain.IsWriting && _chain.Room is { IsEmpty: false } room && room.Length >= sizeHint)
        {
            // No lock: the room belongs to the writer until it flushes.
            return room;
        }

        using (_operation.EnterScope())
        {
            if (_isWriterCompleted)
            {
                throw NoMoreWrites();
            }

            _chain.BeginWriting(pool, sizeHint);
            return _chain.Room;
        }
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes)
    {
        if (bytes < 0 || bytes > (_chain.IsWriting ? _chain.Room.Length : 0))
        {
            throw new ArgumentOutOfRangeException(
                nameof(bytes), bytes, "The number of bytes must not exceed the length of the memory that GetMemory or GetSpan has returned.");
        }

        if (!owner.RefusesOutput)
        {
            _chain.Advance(bytes);
        }
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        var flush = Flush(cancellationToken);
        owner.OutputFlushed();
        return flush;
    }

    /// <summary>
    /// Flushes, and blocks the calling thread while the pipe holds too much. The thread that has the turn wakes it directly, without the thread
    /// pool.
    /// </summary>
    /// <param name="timeoutMilliseconds">The longest wait; <see cref="Timeout.Infinite"/> for no limit.</param>
    /// <param name="result">The same as of <see cref="FlushAsync"/>.</param>
    /// <returns>False after the timeout: the bytes are flushed all the same, and will be sent.</returns>
    public bool TryFlush(int timeoutMilliseconds, out FlushResult result)
    {
        ManualResetEventSlim? signal = null;
        result = default;
        using (_operation.EnterScope())
        {
            _operation.ThrowIfPending();
            Commit();
            if (IsReady)
            {
                result = TakeResult();
            }
            else
            {
                signal = _operation.BeginBlocking();
            }
        }

        // After the operation has begun: this thread may take the turn, which may make room.
        owner.OutputFlushed();
        return signal is null || _operation.TryBlock(this, signal, timeoutMilliseconds, out result);
    }

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        if (Volatile.Read(ref _isWriterCompleted))
        {
            throw NoMoreWrites();
        }

        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<FlushResult>(cancellationToken);
        }

        if (owner.RefusesOutput)
        {
            return new ValueTask<FlushResult>(new FlushResult(isCanceled: false, isCompleted: true));
        }

        Write(source.Span);
        return FlushAsync(cancellationToken);
    }

    public override void CancelPendingFlush()
    {
        bool isQueued;
        using (_operation.EnterScope())
        {
            _isFlushCanceled = true;
            isQueued = _operation.TryQueue();
        }

        Queue(isQueued);
    }

    public override void Complete(Exception? exception = null)
    {
        if (exception is not null)
        {
            // The peer must not take the bytes that it has for the whole stream.
            owner.OutputFailed(exception);
        }

        using (_operation.EnterScope())
        {
            if (!_isWriterCompleted)
            {
                _isWriterCompleted = true;
                Commit();
                ClearIfCompleted();
            }
        }

        owner.OutputCompleted();
    }

    void IThreadPoolWorkItem.Execute() => _operation.Run();

    ValueTaskSourceStatus IValueTaskSource<FlushResult>.GetStatus(short token) => _operation.GetStatus(this);

    void IValueTaskSource<FlushResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        Queue(_operation.OnCompleted(this, continuation, state, flags));

    FlushResult IValueTaskSource<FlushResult>.GetResult(short token) => _operation.GetResult(this);

    FlushResult IPipeOperation<FlushResult>.TakeAwaitedResult(bool isTokenCanceled) => TakeResult();

    bool IPipeOperation<FlushResult>.TryTakeResult(out FlushResult result)
    {
        var isReady = IsReady;
        result = isReady ? TakeResult() : default;
        return isReady;
    }

    private static InvalidOperationException NoMoreWrites() => new("The output of the connection was completed, and cannot be written any more.");

    private void Write(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var room = GetMemory().Span;
            var length = Math.Min(room.Length, bytes.Length);
            bytes[..length].CopyTo(room);
            _chain.Advance(length);
            bytes = bytes[length..];
        }
    }

    private ValueTask<FlushResult> Flush(CancellationToken cancellationToken)
    {
        using (_operation.EnterScope())
        {
            _operation.ThrowIfPending();
            if (cancellationToken.IsCancellationRequested)
            {
                return ValueTask.FromCanceled<FlushResult>(cancellationToken);
            }

            Commit();
            if (IsReady)
            {
                return new ValueTask<FlushResult>(TakeResult());
            }

            _operation.Begin(CancelByToken, this, cancellationToken);
            return new ValueTask<FlushResult>(this, 0);
        }
    }

    /// <summary>
    /// Makes written bytes visible to the turn. Once the pipe holds too much, every flush waits until a quarter of the limit is free, also after
    /// one of them was cancelled.
    /// </summary>
    private void Commit()
    {
        _chain.Commit();
        _isPaused = (_isPaused || _chain.Length >= _limitBytes) && !_isReaderCompleted && !owner.RefusesOutput;
    }

    /// <summary>
    /// Takes the result of a flush. While a closed connection still delivers, its pipe is open on the turn's side; the application must not
    /// notice, and a wait for room must not last as long as the delivery.
    /// </summary>
    private FlushResult TakeResult()
    {
        var isCanceled = _isFlushCanceled;
        _isFlushCanceled = false;
        return new FlushResult(isCanceled, _isReaderCompleted || owner.RefusesOutput);
    }

    private void Queue(bool isQueued)
    {
        if (isQueued)
        {
            owner.Wake(this);
        }
    }
}

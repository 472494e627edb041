using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Tasks.Sources;

namespace Utp.Transport.Connections.Pipes;

/// <summary>
/// The pipe of bytes to send, and the retransmission buffer: a byte stays until it is acknowledged. The application writes; a flush tells the
/// executor that there is something to send, and waits while more is held than the executor wants. When the connection no longer takes bytes,
/// writes vanish and flushes say <see cref="FlushResult.IsCompleted"/>, as on a socket whose peer is gone.
/// </summary>
/// <param name="owner">Whose output it is.</param>
/// <param name="pool">Where the memory comes from.</param>
/// <param name="bufferBytes">How much may be held until the executor says otherwise.</param>
internal sealed class ConnectionOutput(IPipeOwner owner, MemoryPool<byte> pool, int bufferBytes)
    : PipeWriter, IValueTaskSource<FlushResult>, IThreadPoolWorkItem
{
    private static readonly Action<object?, CancellationToken> CancelByToken = static (state, token) => ((ConnectionOutput)state!).OnTokenCanceled(token);

    private readonly Lock _lock = new();
    private SegmentChain _chain;
    private PipeWaiter _waiter;
    private int _bufferBytes = bufferBytes;

    /// <summary>Too much is held: the flush that found so waits.</summary>
    private bool _isPaused;
    private bool _isFlushCanceled;
    private bool _isWriterCompleted;
    private bool _isReaderCompleted;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _chain.UncommittedLength;

    private bool IsReady => !_isPaused || _isFlushCanceled;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sizeHint);
        if (_chain.IsWriting && _chain.Room is { IsEmpty: false } room && room.Length >= sizeHint)
        {
            // Without the lock: the room is the writer's until it flushes.
            return room;
        }

        using (_lock.EnterScope())
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
            throw new ArgumentOutOfRangeException(nameof(bytes), bytes, "Only as much can be advanced as GetMemory or GetSpan has given room for.");
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
    /// Flushes, and blocks the calling thread while too much is held. The thread that has the turn wakes it directly, without the thread pool.
    /// </summary>
    /// <param name="timeoutMilliseconds">The longest wait; <see cref="Timeout.Infinite"/> for no limit.</param>
    /// <param name="result">As of <see cref="FlushAsync"/>.</param>
    /// <returns>False after the timeout: the bytes are flushed all the same, and will be sent.</returns>
    public bool TryFlush(int timeoutMilliseconds, out FlushResult result)
    {
        ManualResetEventSlim? signal = null;
        result = default;
        using (_lock.EnterScope())
        {
            _waiter.ThrowIfPending();
            Commit();
            if (IsReady)
            {
                result = TakeResult();
            }
            else
            {
                signal = _waiter.BeginBlocking();
            }
        }

        // After the operation has begun: this thread may take the turn, and with it make room.
        owner.OutputFlushed();
        if (signal is null)
        {
            return true;
        }

        try
        {
            signal.Wait(timeoutMilliseconds);
        }
        catch
        {
            using (_lock.EnterScope())
            {
                _waiter.EndBlocking();
            }

            throw;
        }

        using (_lock.EnterScope())
        {
            _waiter.EndBlocking();
            var isReady = IsReady;
            result = isReady ? TakeResult() : default;
            return isReady;
        }
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
        using (_lock.EnterScope())
        {
            _isFlushCanceled = true;
            isQueued = _waiter.TryQueue();
        }

        Queue(isQueued);
    }

    public override void Complete(Exception? exception = null)
    {
        if (exception is not null)
        {
            // What the peer has is not all there was, and must not look like it.
            owner.OutputFailed(exception);
        }

        using (_lock.EnterScope())
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

    /// <summary>Gives up what is acknowledged, and shows the rest. The executor's.</summary>
    /// <param name="acknowledgedBytes">How many of the bytes shown last are no longer needed.</param>
    /// <param name="holdBytes">How much may be held before a flush waits.</param>
    /// <param name="isCompleted">Whether the application will write no more.</param>
    /// <returns>All bytes not acknowledged that were flushed.</returns>
    public ReadOnlySequence<byte> Show(long acknowledgedBytes, int holdBytes, out bool isCompleted)
    {
        ReadOnlySequence<byte> rest;
        var isQueued = false;
        using (_lock.EnterScope())
        {
            _bufferBytes = holdBytes;
            if (acknowledgedBytes > 0)
            {
                _chain.Consume(acknowledgedBytes);
            }

            // A quarter of room, so that a writer of small pieces is not woken for each of them.
            if (_isPaused && _chain.Length < holdBytes - (holdBytes / 4))
            {
                isQueued = Resume();
            }

            rest = _chain.Committed;
            isCompleted = _isWriterCompleted;
        }

        Queue(isQueued);
        return rest;
    }

    /// <summary>The connection refuses bytes from now on: a flush that waits is told. The executor's.</summary>
    public void Refuse()
    {
        bool isQueued;
        using (_lock.EnterScope())
        {
            isQueued = Resume();
        }

        Queue(isQueued);
    }

    /// <summary>Nothing that was written is needed any more. The executor's.</summary>
    public void CompleteReader()
    {
        bool isQueued;
        using (_lock.EnterScope())
        {
            _isReaderCompleted = true;
            isQueued = Resume();
            ClearIfCompleted();
        }

        Queue(isQueued);
    }

    void IThreadPoolWorkItem.Execute()
    {
        PipeContinuation continuation;
        using (_lock.EnterScope())
        {
            continuation = _waiter.TakeContinuation();
        }

        continuation.Run();
    }

    ValueTaskSourceStatus IValueTaskSource<FlushResult>.GetStatus(short token)
    {
        using (_lock.EnterScope())
        {
            return _waiter.IsTokenCanceled ? ValueTaskSourceStatus.Canceled
                : IsReady ? ValueTaskSourceStatus.Succeeded : ValueTaskSourceStatus.Pending;
        }
    }

    void IValueTaskSource<FlushResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        bool isQueued;
        using (_lock.EnterScope())
        {
            _waiter.Attach(continuation, state, flags);
            isQueued = (IsReady || _waiter.IsTokenCanceled) && _waiter.TryQueue();
        }

        Queue(isQueued);
    }

    FlushResult IValueTaskSource<FlushResult>.GetResult(short token)
    {
        using (_lock.EnterScope())
        {
            if (!_waiter.IsPending || !(IsReady || _waiter.IsTokenCanceled))
            {
                throw new InvalidOperationException("The flush has no result yet, or its result was taken.");
            }

            var isTokenCanceled = _waiter.End(out var canceled);
            var result = TakeResult();
            return isTokenCanceled ? throw new OperationCanceledException(canceled) : result;
        }
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
        using (_lock.EnterScope())
        {
            _waiter.ThrowIfPending();
            if (cancellationToken.IsCancellationRequested)
            {
                return ValueTask.FromCanceled<FlushResult>(cancellationToken);
            }

            Commit();
            if (IsReady)
            {
                return new ValueTask<FlushResult>(TakeResult());
            }

            _waiter.Begin(CancelByToken, this, cancellationToken);
            return new ValueTask<FlushResult>(this, 0);
        }
    }

    /// <summary>Once too much is held, every flush waits until the executor has made room for a quarter, also when one of them was cancelled.</summary>
    private void Commit()
    {
        _chain.Commit();
        _isPaused = (_isPaused || _chain.Length >= _bufferBytes) && !_isReaderCompleted && !owner.RefusesOutput;
    }

    /// <summary>
    /// While a closed connection still delivers, its pipe is open on the executor's side; the application must not notice, and a wait for room
    /// must not last as long as the delivery.
    /// </summary>
    private FlushResult TakeResult()
    {
        var isCanceled = _isFlushCanceled;
        _isFlushCanceled = false;
        return new FlushResult(isCanceled, _isReaderCompleted || owner.RefusesOutput);
    }

    private bool Resume()
    {
        _isPaused = false;
        return _waiter.TryQueue();
    }

    /// <summary>Not before the application is done: it may be writing to the memory.</summary>
    private void ClearIfCompleted()
    {
        if (_isReaderCompleted && _isWriterCompleted)
        {
            _chain.Clear();
        }
    }

    private void Queue(bool isQueued)
    {
        if (isQueued)
        {
            owner.Wake(this);
        }
    }

    private void OnTokenCanceled(CancellationToken token)
    {
        bool isQueued;
        using (_lock.EnterScope())
        {
            isQueued = _waiter.TryCancel(token) && _waiter.TryQueue();
        }

        Queue(isQueued);
    }
}

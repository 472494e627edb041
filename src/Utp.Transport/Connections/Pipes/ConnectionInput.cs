using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Tasks.Sources;

namespace Utp.Transport.Connections.Pipes;

/// <summary>
/// The pipe of received bytes. The application reads; the executor writes, with its turn, and never waits: what a peer may send is bounded by
/// the receive window. Reading tells the executor how much, so that the window opens. Examined counts as read, as it does for any pipe: a
/// reader that looks at all there is and waits for more must get more, or a message larger than the window would never be whole.
/// </summary>
/// <remarks>
/// A pipe of our own, because one of System.IO.Pipelines costs an idle connection four objects, and cannot be told how to wake its reader.
/// </remarks>
/// <param name="owner">Whose input it is.</param>
/// <param name="pool">Where the memory comes from.</param>
internal sealed class ConnectionInput(IPipeOwner owner, MemoryPool<byte> pool)
    : PipeReader, IValueTaskSource<ReadResult>, IThreadPoolWorkItem
{
    private static readonly Action<object?, CancellationToken> CancelByToken = static (state, token) => ((ConnectionInput)state!).OnTokenCanceled(token);

    private readonly Lock _lock = new();
    private SegmentChain _chain;
    private PipeWaiter _waiter;
    private Exception? _writerError;

    /// <summary>Of what is not consumed, how much the application has looked at without wanting to see it again before there is more.</summary>
    private long _examinedLength;

    /// <summary>Of what is not consumed, how much the executor has been told is read.</summary>
    private long _creditedLength;

    /// <summary>How many bytes the read that waits wants to find in the buffer.</summary>
    private int _minimumLength;
    private ReadState _readState;
    private bool _isReadCanceled;
    private bool _isReaderCompleted;
    private bool _isWriterCompleted;

    /// <summary>What <see cref="AdvanceTo(SequencePosition, SequencePosition)"/> is for a read that has returned. The states are those of <see cref="Pipe"/>.</summary>
    private enum ReadState : byte
    {
        /// <summary>There is nothing to advance.</summary>
        None,

        /// <summary>The read was cancelled or found nothing: the reader may advance, and may as well read again without.</summary>
        MayAdvance,

        /// <summary>The reader must advance before it reads again.</summary>
        MustAdvance,
    }

    private bool IsReady => _isWriterCompleted || _isReadCanceled || (_chain.Length > _examinedLength && _chain.Length >= _minimumLength);

    public override bool TryRead(out ReadResult result)
    {
        using (_lock.EnterScope())
        {
            ThrowIfReaderCompleted();
            ThrowUnlessReadable();
            if (IsReady)
            {
                result = TakeResult();
                return true;
            }

            _readState = ReadState.MayAdvance;
            result = default;
            return false;
        }
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => ReadAsync(0, cancellationToken);

    /// <summary>
    /// Blocks the calling thread until there is something to read. The thread that has the turn wakes it directly, without the thread pool,
    /// whose threads may all be blocked in calls like this one.
    /// </summary>
    /// <param name="timeoutMilliseconds">The longest wait; <see cref="Timeout.Infinite"/> for no limit.</param>
    /// <param name="result">As of <see cref="ReadAsync(CancellationToken)"/>: to be advanced.</param>
    /// <returns>False after the timeout: nothing was read, and the reader may read again.</returns>
    public bool TryRead(int timeoutMilliseconds, out ReadResult result)
    {
        ManualResetEventSlim signal;
        using (_lock.EnterScope())
        {
            ThrowIfReaderCompleted();
            ThrowUnlessReadable();
            if (IsReady)
            {
                result = TakeResult();
                return true;
            }

            signal = _waiter.BeginBlocking();
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
            ThrowIfReaderCompleted();
            var isReady = IsReady;
            result = isReady ? TakeResult() : default;
            return isReady;
        }
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        long readBytes;
        using (_lock.EnterScope())
        {
            if (_readState == ReadState.None)
            {
                throw new InvalidOperationException("There is no read to advance: read first, and advance once after each read.");
            }

            var consumedLength = _chain.LengthTo(consumed);

            // The default position, which an empty buffer has, leaves what was examined before as it is.
            var examinedLength = Math.Max(consumedLength, examined.GetObject() is null ? _examinedLength : _chain.LengthTo(examined));
            readBytes = Math.Max(0, examinedLength - _creditedLength);
            _readState = ReadState.None;
            _examinedLength = examinedLength - consumedLength;
            _creditedLength += readBytes - consumedLength;
            _chain.Consume(consumedLength);
        }

        Credit(readBytes);
    }

    public override void CancelPendingRead()
    {
        bool isQueued;
        using (_lock.EnterScope())
        {
            _isReadCanceled = true;
            isQueued = _waiter.TryQueue();
        }

        Queue(isQueued);
    }

    public override void Complete(Exception? exception = null)
    {
        using (_lock.EnterScope())
        {
            _isReaderCompleted = true;
            _readState = ReadState.None;
            _chain.Clear();
            _waiter.Interrupt();
        }

        owner.InputCompleted();
    }

    /// <summary>Bytes appended since the last <see cref="Flush"/>. The executor's.</summary>
    public long UncommittedLength => _chain.UncommittedLength;

    /// <summary>Takes received bytes; <see cref="Flush"/> shows them to the reader. The executor's.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (true)
        {
            if (_chain.IsWriting)
            {
                // Without the lock: the room is the writer's until it flushes.
                var room = _chain.Room.Span;
                if (room.Length >= bytes.Length)
                {
                    bytes.CopyTo(room);
                    _chain.Advance(bytes.Length);
                    return;
                }

                bytes[..room.Length].CopyTo(room);
                _chain.Advance(room.Length);
                bytes = bytes[room.Length..];
            }

            using (_lock.EnterScope())
            {
                if (_isReaderCompleted)
                {
                    // The executor is about to hear of it, and gives these bytes back to the window.
                    return;
                }

                _chain.BeginWriting(pool, minimumBytes: 0);
            }
        }
    }

    /// <summary>Shows the reader what was appended, and wakes it. The executor's.</summary>
    public void Flush()
    {
        bool isQueued;
        long readBytes;
        using (_lock.EnterScope())
        {
            Commit();
            isQueued = IsReady && _waiter.TryQueue();
            readBytes = CreditForMinimum();
        }

        Queue(isQueued);
        Credit(readBytes);
    }

    /// <summary>There will be no more. Only the first call counts. The executor's.</summary>
    /// <param name="error">What the reader gets to see in place of an end.</param>
    public void CompleteWriter(Exception? error)
    {
        bool isQueued;
        using (_lock.EnterScope())
        {
            _writerError = _isWriterCompleted ? _writerError : error;
            _isWriterCompleted = true;
            Commit();
            isQueued = _waiter.TryQueue();
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

    ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token)
    {
        using (_lock.EnterScope())
        {
            return _waiter.IsTokenCanceled ? ValueTaskSourceStatus.Canceled
                : !IsReady ? ValueTaskSourceStatus.Pending
                : _writerError is null ? ValueTaskSourceStatus.Succeeded : ValueTaskSourceStatus.Faulted;
        }
    }

    void IValueTaskSource<ReadResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        bool isQueued;
        using (_lock.EnterScope())
        {
            _waiter.Attach(continuation, state, flags);
            isQueued = (IsReady || _waiter.IsTokenCanceled) && _waiter.TryQueue();
        }

        Queue(isQueued);
    }

    ReadResult IValueTaskSource<ReadResult>.GetResult(short token)
    {
        using (_lock.EnterScope())
        {
            if (!_waiter.IsPending || !(IsReady || _waiter.IsTokenCanceled))
            {
                throw new InvalidOperationException("The read has no result yet, or its result was taken.");
            }

            var isTokenCanceled = _waiter.End(out var canceled);
            _minimumLength = 0;
            var result = TakeResult();
            if (isTokenCanceled)
            {
                _readState = ReadState.MayAdvance;
                throw new OperationCanceledException(canceled);
            }

            return result;
        }
    }

    protected override ValueTask<ReadResult> ReadAtLeastAsyncCore(int minimumSize, CancellationToken cancellationToken) =>
        ReadAsync(minimumSize, cancellationToken);

    private ValueTask<ReadResult> ReadAsync(int minimumLength, CancellationToken cancellationToken)
    {
        long readBytes;
        using (_lock.EnterScope())
        {
            ThrowIfReaderCompleted();
            if (cancellationToken.IsCancellationRequested)
            {
                return ValueTask.FromCanceled<ReadResult>(cancellationToken);
            }

            ThrowUnlessReadable();
            _minimumLength = minimumLength;
            if (IsReady)
            {
                _minimumLength = 0;
                return new ValueTask<ReadResult>(TakeResult());
            }

            _waiter.Begin(CancelByToken, this, cancellationToken);
            if (_chain.Length > _examinedLength)
            {
                // As Pipe does it, a read that finds too little has advanced past nothing.
                _readState = ReadState.None;
            }

            readBytes = CreditForMinimum();
        }

        Credit(readBytes);
        return new ValueTask<ReadResult>(this, 0);
    }

    /// <summary>While a read waits for a minimum, the executor must let in more than the receive window: what is here counts as read.</summary>
    private long CreditForMinimum()
    {
        if (_minimumLength == 0 || IsReady)
        {
            return 0;
        }

        var bytes = Math.Max(0, _chain.Length - _creditedLength);
        _creditedLength += bytes;
        return bytes;
    }

    private void Credit(long readBytes)
    {
        if (readBytes > 0)
        {
            owner.Consumed(readBytes);
        }
    }

    private void Queue(bool isQueued)
    {
        if (isQueued)
        {
            owner.Wake(this);
        }
    }

    private void Commit()
    {
        _chain.Commit();
        if (_isReaderCompleted)
        {
            _chain.Clear();
        }
    }

    private ReadResult TakeResult()
    {
        if (_writerError is { } error)
        {
            // Thrown anew each time, with the stack of whoever asks.
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(error);
        }

        var isCanceled = _isReadCanceled;
        _isReadCanceled = false;
        _readState = isCanceled ? ReadState.MayAdvance : ReadState.MustAdvance;
        return new ReadResult(_chain.Committed, isCanceled, _isWriterCompleted);
    }

    private void ThrowIfReaderCompleted()
    {
        if (_isReaderCompleted)
        {
            throw new InvalidOperationException("The input of the connection was completed by its reader, and cannot be read any more.");
        }
    }

    private void ThrowUnlessReadable()
    {
        _waiter.ThrowIfPending();
        if (_readState == ReadState.MustAdvance)
        {
            throw new InvalidOperationException("The last read was not advanced: call AdvanceTo before reading again.");
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

using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.ExceptionServices;
using System.Threading.Tasks.Sources;

namespace Utp.Transport.Connections.Pipes;

/// <summary>
/// The pipe of received bytes. The application reads. The turn writes, and never waits: the receive window bounds what a peer may send. Reading
/// tells the connection how much was read, so that the window opens. Examined bytes count as read, as they do for any pipe: a reader that
/// examines everything and waits for more must get more, or it would never see a whole message that is larger than the window.
/// </summary>
/// <remarks>
/// It replaces <see cref="Pipe"/>, which costs an idle connection four objects, and cannot be told how to wake its reader. A randomized test
/// checks that both behave the same.
/// </remarks>
/// <param name="owner">The connection.</param>
/// <param name="pool">The source of the pipe's memory.</param>
internal sealed partial class ConnectionInput(IPipeOwner owner, MemoryPool<byte> pool)
    : PipeReader, IPipeOperation<ReadResult>, IValueTaskSource<ReadResult>, IThreadPoolWorkItem
{
    private static readonly Action<object?, CancellationToken> CancelByToken = static (state, token) =>
    {
        var input = (ConnectionInput)state!;
        input.Queue(input._operation.TryCancel(token));
    };

    private PipeOperation<ReadResult> _operation = new();
    private SegmentChain _chain;
    private Exception? _writerError;

    /// <summary>Of the bytes not consumed, how many the application has examined and does not want to see again before there are more.</summary>
    private long _examinedLength;

    /// <summary>Of the bytes not consumed, how many the connection has been told are read.</summary>
    private long _creditedLength;

    /// <summary>How many bytes the read that waits wants to find in the buffer.</summary>
    private int _minimumLength;
    private PipeReadState _readState;
    private bool _isReadCanceled;
    private bool _isReaderCompleted;
    private bool _isWriterCompleted;

    private bool IsReady => _isWriterCompleted || _isReadCanceled || (_chain.Length > _examinedLength && _chain.Length >= _minimumLength);

    bool IPipeOperation<ReadResult>.IsReady => IsReady;

    bool IPipeOperation<ReadResult>.IsFaulted => _writerError is not null;

    public override bool TryRead(out ReadResult result)
    {
        using (_operation.EnterScope())
        {
            ThrowIfReaderCompleted();
            ThrowUnlessReadable();
            if (IsReady)
            {
                result = TakeResult();
                return true;
            }

            _readState = PipeReadState.MayAdvance;
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
    /// <param name="result">The same as of <see cref="ReadAsync(CancellationToken)"/>: the reader must advance.</param>
    /// <returns>False after the timeout: nothing was read, and the reader may read again.</returns>
    public bool TryRead(int timeoutMilliseconds, out ReadResult result)
    {
        ManualResetEventSlim signal;
        using (_operation.EnterScope())
        {
            ThrowIfReaderCompleted();
            ThrowUnlessReadable();
            if (IsReady)
            {
                result = TakeResult();
                return true;
            }

            signal = _operation.BeginBlocking();
        }

        return _operation.TryBlock(this, signal, timeoutMilliseconds, out result);
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        long readBytes;
        using (_operation.EnterScope())
        {
            if (_readState == PipeReadState.None)
            {
                throw new InvalidOperationException("There is no read to advance: read first, and advance once after each read.");
            }

            var consumedLength = _chain.LengthTo(consumed);

            // The default position, which an empty buffer has, leaves what was examined before as it is.
            var examinedLength = Math.Max(consumedLength, examined.GetObject() is null ? _examinedLength : _chain.LengthTo(examined));
            readBytes = Math.Max(0, examinedLength - _creditedLength);
            _readState = PipeReadState.None;
            _examinedLength = examinedLength - consumedLength;
            _creditedLength += readBytes - consumedLength;
            _chain.Consume(consumedLength);
        }

        Credit(readBytes);
    }

    public override void CancelPendingRead()
    {
        bool isQueued;
        using (_operation.EnterScope())
        {
            _isReadCanceled = true;
            isQueued = _operation.TryQueue();
        }

        Queue(isQueued);
    }

    public override void Complete(Exception? exception = null)
    {
        using (_operation.EnterScope())
        {
            _isReaderCompleted = true;
            _readState = PipeReadState.None;
            _chain.Clear();
            _operation.Interrupt();
        }

        owner.InputCompleted();
    }

    void IThreadPoolWorkItem.Execute() => _operation.Run();

    ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token) => _operation.GetStatus(this);

    void IValueTaskSource<ReadResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        Queue(_operation.OnCompleted(this, continuation, state, flags));

    ReadResult IValueTaskSource<ReadResult>.GetResult(short token) => _operation.GetResult(this);

    ReadResult IPipeOperation<ReadResult>.TakeAwaitedResult(bool isTokenCanceled)
    {
        _minimumLength = 0;
        var result = TakeResult();
        if (isTokenCanceled)
        {
            _readState = PipeReadState.MayAdvance;
        }

        return result;
    }

    bool IPipeOperation<ReadResult>.TryTakeResult(out ReadResult result)
    {
        ThrowIfReaderCompleted();
        var isReady = IsReady;
        result = isReady ? TakeResult() : default;
        return isReady;
    }

    protected override ValueTask<ReadResult> ReadAtLeastAsyncCore(int minimumSize, CancellationToken cancellationToken) =>
        ReadAsync(minimumSize, cancellationToken);

    private ValueTask<ReadResult> ReadAsync(int minimumLength, CancellationToken cancellationToken)
    {
        long readBytes;
        using (_operation.EnterScope())
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

            _operation.Begin(CancelByToken, this, cancellationToken);
            if (_chain.Length > _examinedLength)
            {
                // As in Pipe, a read that finds too little has advanced past nothing.
                _readState = PipeReadState.None;
            }

            readBytes = CreditForMinimum();
        }

        Credit(readBytes);
        return new ValueTask<ReadResult>(this, 0);
    }

    private ReadResult TakeResult()
    {
        if (_writerError is { } error)
        {
            // Thrown anew each time, with the stack of the caller.
            ExceptionDispatchInfo.Throw(error);
        }

        var isCanceled = _isReadCanceled;
        _isReadCanceled = false;
        _readState = isCanceled ? PipeReadState.MayAdvance : PipeReadState.MustAdvance;
        return new ReadResult(_chain.Committed, isCanceled, _isWriterCompleted);
    }

    private void Queue(bool isQueued)
    {
        if (isQueued)
        {
            owner.Wake(this);
        }
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
        _operation.ThrowIfPending();
        if (_readState == PipeReadState.MustAdvance)
        {
            throw new InvalidOperationException("The last read was not advanced: call AdvanceTo before reading again.");
        }
    }
}

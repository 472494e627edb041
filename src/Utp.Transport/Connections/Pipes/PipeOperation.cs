using System.Threading.Tasks.Sources;

namespace Utp.Transport.Connections.Pipes;

/// <summary>
/// The one operation of a pipe's end that may be waiting, and the lock of the pipe. A part of both pipes, because their base classes differ. What
/// it needs to know it asks of the end that it is part of. Methods that return whether the operation is queued leave it to the caller to wake it
/// without the lock.
/// </summary>
/// <typeparam name="TResult">The result of reading or of flushing.</typeparam>
internal struct PipeOperation<TResult>
{
    private readonly Lock _lock = new();
    private PipeWaiter _waiter;

    public PipeOperation()
    {
    }

    /// <summary>Takes the pipe's lock.</summary>
    public readonly Lock.Scope EnterScope() => _lock.EnterScope();

    /// <summary>Begins an operation that has no result yet. With the lock.</summary>
    /// <inheritdoc cref="PipeWaiter.Begin" />
    public void Begin(Action<object?, CancellationToken> cancel, object owner, CancellationToken cancellationToken) =>
        _waiter.Begin(cancel, owner, cancellationToken);

    /// <summary>Begins an operation that the calling thread blocks for with <see cref="TryBlock"/>. With the lock.</summary>
    /// <inheritdoc cref="PipeWaiter.BeginBlocking" />
    public ManualResetEventSlim BeginBlocking() => _waiter.BeginBlocking();

    /// <summary>Throws if an operation waits. With the lock.</summary>
    /// <inheritdoc cref="PipeWaiter.ThrowIfPending" />
    public readonly void ThrowIfPending() => _waiter.ThrowIfPending();

    /// <summary>Wakes a thread that blocks, although its operation has no result. With the lock.</summary>
    public readonly void Interrupt() => _waiter.Interrupt();

    /// <summary>Notes that the operation has a result. With the lock.</summary>
    /// <returns>Whether the operation is queued.</returns>
    public bool TryQueue() => _waiter.TryQueue();

    /// <summary>Blocks until the operation has a result. Without the lock.</summary>
    /// <param name="pipe">The end that this is part of.</param>
    /// <param name="signal">The result of <see cref="BeginBlocking"/>.</param>
    /// <param name="timeoutMilliseconds">The longest wait; <see cref="Timeout.Infinite"/> for no limit.</param>
    /// <param name="result">The operation's result.</param>
    /// <returns>False after the timeout.</returns>
    public bool TryBlock(IPipeOperation<TResult> pipe, ManualResetEventSlim signal, int timeoutMilliseconds, out TResult result)
    {
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
            return pipe.TryTakeResult(out result);
        }
    }

    /// <summary>Cancels the operation if the token is its own. Without the lock.</summary>
    /// <returns>Whether the operation is queued.</returns>
    public bool TryCancel(CancellationToken cancellationToken)
    {
        using (_lock.EnterScope())
        {
            return _waiter.TryCancel(cancellationToken) && _waiter.TryQueue();
        }
    }

    /// <summary>Runs what awaits the operation, after it was queued. Without the lock.</summary>
    public void Run()
    {
        PipeContinuation continuation;
        using (_lock.EnterScope())
        {
            continuation = _waiter.TakeContinuation();
        }

        continuation.Run();
    }

    /// <summary>Implements <see cref="IValueTaskSource{TResult}.GetStatus"/>. Without the lock.</summary>
    public readonly ValueTaskSourceStatus GetStatus(IPipeOperation<TResult> pipe)
    {
        using (_lock.EnterScope())
        {
            return _waiter.IsTokenCanceled ? ValueTaskSourceStatus.Canceled
                : !pipe.IsReady ? ValueTaskSourceStatus.Pending
                : pipe.IsFaulted ? ValueTaskSourceStatus.Faulted : ValueTaskSourceStatus.Succeeded;
        }
    }

    /// <summary>Implements <see cref="IValueTaskSource{TResult}.OnCompleted"/>. Without the lock.</summary>
    /// <returns>Whether the operation is queued.</returns>
    public bool OnCompleted(IPipeOperation<TResult> pipe, Action<object?> continuation, object? state, ValueTaskSourceOnCompletedFlags flags)
    {
        using (_lock.EnterScope())
        {
            _waiter.Attach(continuation, state, flags);
            return (pipe.IsReady || _waiter.IsTokenCanceled) && _waiter.TryQueue();
        }
    }

    /// <summary>Implements <see cref="IValueTaskSource{TResult}.GetResult"/>. Without the lock.</summary>
    public TResult GetResult(IPipeOperation<TResult> pipe)
    {
        using (_lock.EnterScope())
        {
            if (!_waiter.IsPending || !(pipe.IsReady || _waiter.IsTokenCanceled))
            {
                throw new InvalidOperationException("The operation has no result yet, or its result was taken.");
            }

            var isTokenCanceled = _waiter.End(out var canceled);
            var result = pipe.TakeAwaitedResult(isTokenCanceled);
            return isTokenCanceled ? throw new OperationCanceledException(canceled) : result;
        }
    }
}

using System.Threading.Tasks.Sources;

namespace Utp.Transport.Connections.Pipes;

/// <summary>
/// The one operation of a pipe's end that may be waiting, and what waits for it: a continuation or a blocked thread. The pipe's lock guards all of
/// it. The pipe's end is both what is awaited and what the thread pool runs, so waiting allocates nothing.
/// </summary>
internal struct PipeWaiter
{
    /// <summary>A thread blocks in one operation at a time, so one event per thread is enough.</summary>
    [ThreadStatic]
    private static ManualResetEventSlim? _signalOfThread;

    private Action<object?>? _continuation;

    /// <summary>The state of the continuation; while <see cref="_isBlocking"/>, the event that the blocked thread waits for.</summary>
    private object? _state;
    private ExecutionContext? _context;
    private CancellationToken _token;
    private CancellationTokenRegistration _registration;
    private bool _isQueued;
    private bool _isBlocking;

    /// <summary>Whether an operation has begun whose result has not been taken.</summary>
    public bool IsPending { get; private set; }

    /// <summary>Whether that operation's token was cancelled.</summary>
    public bool IsTokenCanceled { get; private set; }

    /// <summary>Begins an operation that has no result yet.</summary>
    /// <param name="cancel">Called with the token when the token is cancelled; at once if it is cancelled already.</param>
    /// <param name="owner">The first argument of <paramref name="cancel"/>.</param>
    /// <param name="cancellationToken">The operation's token.</param>
    /// <exception cref="InvalidOperationException">Another operation waits.</exception>
    public void Begin(Action<object?, CancellationToken> cancel, object owner, CancellationToken cancellationToken)
    {
        ThrowIfPending();
        IsPending = true;
        if (cancellationToken.CanBeCanceled)
        {
            _token = cancellationToken;
            _registration = cancellationToken.UnsafeRegister(cancel, owner);
        }
    }

    /// <summary>
    /// Begins an operation that the calling thread blocks for. The thread that completes the operation sets the event under the pipe's lock, so no
    /// thread of the pool is needed, and no signal arrives after <see cref="EndBlocking"/>.
    /// </summary>
    /// <returns>The event to wait for without the lock. <see cref="EndBlocking"/> must follow.</returns>
    /// <exception cref="InvalidOperationException">Another operation waits.</exception>
    public ManualResetEventSlim BeginBlocking()
    {
        ThrowIfPending();
        var signal = _signalOfThread ??= new ManualResetEventSlim();
        signal.Reset();
        (_state, _isBlocking, IsPending) = (signal, true, true);
        return signal;
    }

    /// <summary>Ends the operation of <see cref="BeginBlocking"/>.</summary>
    public void EndBlocking() => (_state, _isBlocking, IsPending) = (null, false, false);

    /// <summary>Wakes the thread that blocks, if there is one, although its operation may have no result.</summary>
    public readonly void Interrupt()
    {
        if (_isBlocking)
        {
            ((ManualResetEventSlim)_state!).Set();
        }
    }

    /// <summary>Throws if an operation waits.</summary>
    /// <exception cref="InvalidOperationException">An operation waits.</exception>
    public readonly void ThrowIfPending()
    {
        if (IsPending)
        {
            throw new InvalidOperationException("An operation on this end of the pipe is already waiting.");
        }
    }

    /// <summary>Notes that a token was cancelled.</summary>
    /// <returns>False if it is the token of an operation that has ended, not of the one that waits now.</returns>
    public bool TryCancel(CancellationToken cancellationToken)
    {
        IsTokenCanceled = IsPending && _token == cancellationToken;
        return IsTokenCanceled;
    }

    /// <summary>Keeps the continuation that runs when the operation has a result.</summary>
    /// <exception cref="InvalidOperationException">No operation waits, or another continuation or thread waits for it.</exception>
    public void Attach(Action<object?> continuation, object? state, ValueTaskSourceOnCompletedFlags flags)
    {
        if (!IsPending || _isBlocking || _continuation is not null)
        {
            throw new InvalidOperationException("An operation of a pipe can be awaited once, and only until its result is taken.");
        }

        _continuation = continuation;
        _state = state;
        _context = (flags & ValueTaskSourceOnCompletedFlags.FlowExecutionContext) != 0 ? ExecutionContext.Capture() : null;
    }

    /// <summary>
    /// Notes that the operation has a result, and wakes the thread that blocks for it.
    /// </summary>
    /// <returns>Whether the caller must arrange for the result of <see cref="TakeContinuation"/> to run.</returns>
    public bool TryQueue()
    {
        Interrupt();
        if (_continuation is null || _isQueued)
        {
            return false;
        }

        _isQueued = true;
        return true;
    }

    /// <summary>Takes what is to run, without the lock, after <see cref="TryQueue"/> has returned true.</summary>
    public PipeContinuation TakeContinuation()
    {
        var continuation = new PipeContinuation(_continuation!, _state, _context);
        (_continuation, _state, _context, _isQueued) = (null, null, null, false);
        return continuation;
    }

    /// <summary>Ends the operation when its result is taken.</summary>
    /// <param name="token">The operation's token.</param>
    /// <returns>Whether that token was cancelled.</returns>
    public bool End(out CancellationToken token)
    {
        // This does not wait for a callback that is running: the callback may be waiting for the lock.
        _registration.Unregister();
        (token, var isCanceled) = (_token, IsTokenCanceled);
        (_token, _registration, IsPending, IsTokenCanceled) = (default, default, false, false);
        return isCanceled;
    }
}

using System.Threading.Tasks.Sources;

namespace Utp.Transport.Connections.Pipes;

/// <summary>
/// The one operation of a pipe's end that may be waiting, and who waits for it. All of it under the pipe's lock. The pipe's end is both what
/// is awaited and what the thread pool runs, so that waiting allocates nothing.
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

    /// <summary>Whether an operation has been handed out whose result nobody has taken.</summary>
    public bool IsPending { get; private set; }

    /// <summary>Whether that operation's token was cancelled.</summary>
    public bool IsTokenCanceled { get; private set; }

    /// <summary>Begins an operation that has no result yet.</summary>
    /// <param name="cancel">Called when the token is cancelled, with the token; at once when it is already.</param>
    /// <param name="owner">What <paramref name="cancel"/> gets.</param>
    /// <param name="cancellationToken">The operation's.</param>
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
    /// Begins an operation for which the calling thread is about to block. The event is set under the pipe's lock by the thread that completes
    /// the operation, so no thread of the pool is needed, and no signal arrives after <see cref="EndBlocking"/>.
    /// </summary>
    /// <returns>The event to wait for, without the lock. <see cref="EndBlocking"/> must follow.</returns>
    /// <exception cref="InvalidOperationException">Another operation waits.</exception>
    public ManualResetEventSlim BeginBlocking()
    {
        ThrowIfPending();
        var signal = _signalOfThread ??= new ManualResetEventSlim();
        signal.Reset();
        (_state, _isBlocking, IsPending) = (signal, true, true);
        return signal;
    }

    /// <summary>The thread no longer waits for the event of <see cref="BeginBlocking"/>.</summary>
    public void EndBlocking() => (_state, _isBlocking, IsPending) = (null, false, false);

    /// <summary>Wakes the thread that blocks, if there is one, although its operation has no result.</summary>
    public readonly void Interrupt()
    {
        if (_isBlocking)
        {
            ((ManualResetEventSlim)_state!).Set();
        }
    }

    /// <exception cref="InvalidOperationException">An operation waits.</exception>
    public readonly void ThrowIfPending()
    {
        if (IsPending)
        {
            throw new InvalidOperationException("An operation on this end of the pipe is already waiting.");
        }
    }

    /// <summary>Notes that a token was cancelled; false when it is not that of the operation which waits now, but of one that has ended.</summary>
    public bool TryCancel(CancellationToken cancellationToken)
    {
        IsTokenCanceled = IsPending && _token == cancellationToken;
        return IsTokenCanceled;
    }

    /// <summary>Somebody awaits the operation.</summary>
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
    /// The operation has a result: wakes the thread that blocks for it. Returns true when instead the caller must arrange for what
    /// <see cref="TakeContinuation"/> gives to run.
    /// </summary>
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

    /// <summary>What to run, without the lock, after <see cref="TryQueue"/> said so.</summary>
    public PipeContinuation TakeContinuation()
    {
        var continuation = new PipeContinuation(_continuation!, _state, _context);
        (_continuation, _state, _context, _isQueued) = (null, null, null, false);
        return continuation;
    }

    /// <summary>Ends the operation, whose result is being taken.</summary>
    /// <param name="token">The operation's token.</param>
    /// <returns>Whether that token was cancelled.</returns>
    public bool End(out CancellationToken token)
    {
        // Does not wait for a callback that is running: that one may be waiting for the lock.
        _registration.Unregister();
        (token, var isCanceled) = (_token, IsTokenCanceled);
        (_token, _registration, IsPending, IsTokenCanceled) = (default, default, false, false);
        return isCanceled;
    }
}

/// <summary>Who awaited an operation that has ended.</summary>
internal readonly struct PipeContinuation(Action<object?> continuation, object? state, ExecutionContext? context)
{
    public void Run()
    {
        if (context is null)
        {
            continuation(state);
        }
        else
        {
            ExecutionContext.Run(context, static boxed => ((PipeContinuation)boxed!).RunHere(), this);
        }
    }

    private void RunHere() => continuation(state);
}

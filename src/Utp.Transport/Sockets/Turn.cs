namespace Utp.Transport.Sockets;

/// <summary>
/// Mutual exclusion that never makes a caller wait and never loses work. A thread that asks for work makes it visible, and then tries to take the
/// turn. A thread that gives the turn up releases it, and then looks for work. A full fence separates the two steps of each. So either the first
/// thread gets the turn, or the second one sees the work.
/// </summary>
/// <param name="hasWork">Gets whether there is work that no turn has begun. Called on any thread.</param>
/// <param name="run">Does all the work. Called on one thread at a time.</param>
internal sealed class Turn(Func<bool> hasWork, Action run)
{
    private readonly Lock _lock = new();
    private bool _receiverWaits;

    /// <summary>
    /// Gets whether the receive thread waits for the turn. It has priority: enough application threads could otherwise keep the turn from it
    /// indefinitely. Long turns of other threads should end early then.
    /// </summary>
    public bool IsWanted => Volatile.Read(ref _receiverWaits);

    /// <summary>
    /// Does the work that was asked for. Does nothing if another thread has the turn or the receive thread waits for it: that thread does the work
    /// then. The caller must have made the work visible by an interlocked operation.
    /// </summary>
    public void TryRun()
    {
        if (_lock.IsHeldByCurrentThread)
        {
            return;
        }

        while (hasWork() && !IsWanted && _lock.TryEnter())
        {
            try
            {
                run();
            }
            finally
            {
                _lock.Exit();
            }

            Interlocked.MemoryBarrier();
        }
    }

    /// <summary>Waits for the turn on the receive thread. <see cref="Exit"/> follows.</summary>
    public void EnterAsReceiver()
    {
        Volatile.Write(ref _receiverWaits, true);
        _lock.Enter();
        Volatile.Write(ref _receiverWaits, false);

        // A thread that saw the receive thread wait had made its work visible before. The fence makes sure that this thread sees it.
        Interlocked.MemoryBarrier();
    }

    /// <summary>Waits for the turn, for rare operations that need a result. <see cref="Exit"/> follows.</summary>
    public void Enter() => _lock.Enter();

    /// <summary>Gives the turn up, and does the work that was asked for in the meantime.</summary>
    public void Exit()
    {
        _lock.Exit();
        Interlocked.MemoryBarrier();
        TryRun();
    }

    /// <summary>Takes the turn for the rest of a block. It is re-entrant.</summary>
    public Scope EnterScope()
    {
        Enter();
        return new Scope(this);
    }

    internal readonly ref struct Scope(Turn turn)
    {
        public void Dispose() => turn.Exit();
    }
}

namespace Utp.Transport.Sockets;

/// <summary>
/// Mutual exclusion that never makes a caller wait and never loses work. Asking for work to be done is two steps: make it visible, then try to
/// take the turn. Giving the turn up is two steps: release it, then look for work. With a full fence between the two of each, either the
/// asker gets the turn or the one who has it sees the work.
/// </summary>
/// <param name="hasWork">Whether anything was asked for that no turn has begun to do. Any thread.</param>
/// <param name="run">Does all of it. Called by one thread at a time.</param>
internal sealed class Turn(Func<bool> hasWork, Action run)
{
    private readonly Lock _lock = new();
    private bool _receiverWaits;

    /// <summary>
    /// Whether the receiver waits for the turn. It has priority: application threads would otherwise keep it from the turn for as long as
    /// there are enough of them, and long turns of theirs should end early.
    /// </summary>
    public bool IsWanted => Volatile.Read(ref _receiverWaits);

    /// <summary>
    /// Does what was asked for, unless somebody has the turn or the receiver waits for it: then they do it. Before the call, the work must have
    /// been made visible by an interlocked operation.
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

    /// <summary>Waits for the turn, for the one thread that comes with datagrams. <see cref="Exit"/> follows.</summary>
    public void EnterAsReceiver()
    {
        Volatile.Write(ref _receiverWaits, true);
        _lock.Enter();
        Volatile.Write(ref _receiverWaits, false);

        // Whoever saw the receiver wait made its work visible before; with the fence it is seen from here on.
        Interlocked.MemoryBarrier();
    }

    /// <summary>Waits for the turn, for rare things that need an answer. <see cref="Exit"/> follows.</summary>
    public void Enter() => _lock.Enter();

    /// <summary>Gives the turn up, and sees to what was asked for meanwhile.</summary>
    public void Exit()
    {
        _lock.Exit();
        Interlocked.MemoryBarrier();
        TryRun();
    }

    /// <summary>Takes the turn for the rest of a block; re-entrant.</summary>
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

namespace Utp.Transport.Connections;

/// <summary>
/// Counts the connections of one client or listener, or its connects that wait for an answer, up to the maximum. Callers that wait get a lease in the
/// order of their calls.
/// </summary>
/// <param name="limit">The maximum number of connections; null for no maximum.</param>
internal sealed class ConnectionLeases(int? limit)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<TaskCompletionSource<IDisposable>> _waiting = new();
    private int _count;

    /// <summary>Gets the number of connections that the application has or waits for.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Gets whether the maximum is reached. Another thread may change it at any time.</summary>
    public bool IsFull => Count >= limit;

    /// <summary>Takes a lease. Returns null when the maximum is reached.</summary>
    public IDisposable? TryTake()
    {
        lock (_lock)
        {
            return TryTakeLocked();
        }
    }

    /// <summary>Takes a lease. Waits while the maximum is reached.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async ValueTask<IDisposable> TakeAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        LinkedListNode<TaskCompletionSource<IDisposable>> place;
        lock (_lock)
        {
            if (TryTakeLocked() is { } lease)
            {
                return lease;
            }

            place = _waiting.AddLast(new TaskCompletionSource<IDisposable>(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        using (cancellationToken.UnsafeRegister((_, token) => Leave(place, token), null))
        {
            return await place.Value.Task.ConfigureAwait(false);
        }
    }

    private Lease? TryTakeLocked()
    {
        if (_count >= limit)
        {
            return null;
        }

        _count++;
        return new Lease(this);
    }

    private void Leave(LinkedListNode<TaskCompletionSource<IDisposable>> place, CancellationToken token)
    {
        lock (_lock)
        {
            if (place.List is null)
            {
                // The caller has got its lease.
                return;
            }

            _waiting.Remove(place);
        }

        place.Value.TrySetCanceled(token);
    }

    /// <summary>Gives the lease to the first caller that waits, or takes it back. Any thread, also within a turn: it runs no code of the application.</summary>
    private void Return()
    {
        TaskCompletionSource<IDisposable> next;
        lock (_lock)
        {
            if (_waiting.First is not { } first)
            {
                _count--;
                return;
            }

            _waiting.RemoveFirst();
            next = first.Value;
        }

        next.SetResult(new Lease(this));
    }

    /// <summary>The right to one connection. To dispose it more than once has no effect.</summary>
    private sealed class Lease(ConnectionLeases owner) : IDisposable
    {
        private int _returned;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _returned, 1) == 0)
            {
                owner.Return();
            }
        }
    }
}

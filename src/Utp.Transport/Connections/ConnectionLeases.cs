namespace Utp.Transport.Connections;

/// <summary>Counts the connections of one client, up to its maximum. Callers that wait for one get it in the order of their calls.</summary>
/// <param name="limit">The maximum; null for none.</param>
internal sealed class ConnectionLeases(int? limit)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<TaskCompletionSource<IDisposable>> _waiting = new();
    private int _count;

    /// <summary>Connections that the application has, or waits for.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Null when the maximum is reached.</summary>
    public IDisposable? TryTake()
    {
        lock (_lock)
        {
            return TryTakeLocked();
        }
    }

    /// <summary>Waits while the maximum is reached.</summary>
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
                // It has its lease.
                return;
            }

            _waiting.Remove(place);
        }

        place.Value.TrySetCanceled(token);
    }

    /// <summary>Hands the lease to the first caller that waits, or takes it back. Any thread, also within a turn: no code of the application runs here.</summary>
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

    /// <summary>One of the client's connections; gives itself back once.</summary>
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

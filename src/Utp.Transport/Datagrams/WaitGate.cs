namespace Utp.Transport.Datagrams;

/// <summary>
/// Decides whether a receiver may wait and whether waking it needs a system call. Both sides write their flag and then read the other's, with full
/// fences: either the receiver sees the request before it waits, or the requester sees that it waits.
/// </summary>
internal sealed class WaitGate
{
    private int _requested;
    private int _waiting;
    private int _closed;

    public bool IsClosed => Volatile.Read(ref _closed) != 0;

    /// <summary>True once per request. Call it before receiving: a request that comes later then stays for the next receive.</summary>
    public bool TakeRequest() => Interlocked.Exchange(ref _requested, 0) != 0;

    /// <summary>Enters a wait; false when there is a reason not to wait. <see cref="Leave"/> must follow in either case.</summary>
    public bool TryEnter()
    {
        Interlocked.Exchange(ref _waiting, 1);
        return Volatile.Read(ref _requested) == 0 && !IsClosed;
    }

    public void Leave() => Volatile.Write(ref _waiting, 0);

    /// <summary>Requests a wake-up; true when the receiver waits, so that it also needs a signal.</summary>
    public bool Request() => Interlocked.Exchange(ref _requested, 1) == 0 && Volatile.Read(ref _waiting) != 0;

    /// <summary>Closes the gate; true the first time.</summary>
    public bool Close() => Interlocked.Exchange(ref _closed, 1) == 0;
}

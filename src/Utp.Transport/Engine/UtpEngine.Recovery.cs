using Utp.Transport.Connections;
using Utp.Transport.Diagnostics;
using Utp.Transport.Sockets;

namespace Utp.Transport.Engine;

/// <content>
/// Recovery after a socket has failed, by a defect or for lack of memory or threads. Its connections end with the reason, and its listener moves to
/// a new socket on the same address. Hosts stop accepting for good when a listener throws, so it throws only when binding again has failed too.
/// </content>
internal sealed partial class UtpEngine
{
    private const int RebindAttempts = 7;
    private static readonly TimeSpan FirstRebindPause = TimeSpan.FromMilliseconds(100);

    /// <summary>Gets the function that starts the threads of sockets. Tests replace it with one that fails.</summary>
    public Action<Thread> StartThread { get; init; } = static thread => thread.UnsafeStart();

    /// <summary>Gets whether an exception means that the system allows no further thread.</summary>
    public static bool IsNoThread(Exception exception) => exception is OutOfMemoryException or ThreadStartException;

    /// <summary>Ends the connections of the local endpoint and binds its listener again; the next connect opens a new socket. Called with the turn.</summary>
    public void OnFailed(UtpSocketGroup group, Exception failure)
    {
        lock (_lock)
        {
            group.Failure ??= failure;
            if (!TryRemove(group))
            {
                return;
            }
        }

        try
        {
            CleanUp(group);
        }
        finally
        {
            RebindListener(group);
        }
    }

    /// <summary>Binds the listener of a failed group again, if it has one, on a thread of the pool.</summary>
    private void RebindListener(UtpSocketGroup group)
    {
        if (group.TakeListener() is { } listener)
        {
            ThreadPool.UnsafeQueueUserWorkItem(state => _ = RebindAsync(state.listener, state.group), (listener, group), preferLocal: false);
        }
    }

    private async Task RebindAsync(UtpConnectionListener listener, UtpSocketGroup failed)
    {
        var (pause, last) = (FirstRebindPause, failed.Failure!);
        for (var attempt = 1; attempt <= RebindAttempts && listener.MayBindAgain(Clock.Now); attempt++)
        {
            await Task.Delay(pause, Clock.TimeProvider).ConfigureAwait(false);
            pause *= 2;
            try
            {
                if (TryRebind(listener, failed))
                {
                    UtpLog.ListenerBoundAgain(Logger, listener.EndPoint.ToString()!);
                }

                return;
            }
#pragma warning disable CA1031 // The listener throws the last exception when the attempts are over.
            catch (Exception e)
#pragma warning restore CA1031
            {
                last = e;
            }
        }

        UtpLog.ListenerLost(Logger, listener.EndPoint.ToString()!, last);
        listener.Fail(UtpErrors.ListenerFailed(listener.EndPoint, last));
    }

    /// <summary>Binds again. Returns false when the listener was unbound in the meantime.</summary>
    private bool TryRebind(UtpConnectionListener listener, UtpSocketGroup failed)
    {
        if (listener.IsUnbound)
        {
            return false;
        }

        var group = Acquire(failed.Key, failed.Shards.Count, start: false);
        if (!group.TryListen(listener, listener.Options.ToSettings()))
        {
            ReleaseReference(group);
            throw group.Failure ?? UtpErrors.AddressInUse(listener.EndPoint);
        }

        Start(group);
        if (!listener.TryMoveTo(group))
        {
            group.StopListening(listener);
            ReleaseReference(group);
            return false;
        }

        RebindIfFailed(group);
        return true;
    }

    /// <summary>Binds the listener again if the group has failed while the listener was being added: the failure may have missed the listener.</summary>
    private void RebindIfFailed(UtpSocketGroup group)
    {
        Interlocked.MemoryBarrier();
        if (group.Failure is not null)
        {
            RebindListener(group);
        }
    }

    /// <summary>Starts a group. If a thread cannot start, closes the sockets again, which frees the address. Called with the lock.</summary>
    private void StartOrUndo(UtpSocketGroup group)
    {
        try
        {
            group.Start();
        }
        catch (Exception e)
        {
            TryRemove(group);

            // On another thread, because it takes turns, and turns take the lock.
            ThreadPool.UnsafeQueueUserWorkItem(static state => state.Engine.CleanUp(state), group, preferLocal: false);
            if (IsNoThread(e))
            {
                throw UtpErrors.NoThread(group.LocalEndPoint, e);
            }

            throw;
        }
    }
}

namespace Utp.Transport.Sockets;

/// <content>The choice of the thread on which code that awaits a pipe resumes.</content>
internal sealed partial class SocketShard
{
    /// <summary>What is to run on the receive thread after its turn; null when the thread pool runs everything.</summary>
    private readonly List<IThreadPoolWorkItem>? _wokenInline;

    /// <summary>Whether this turn of the receive thread fills <see cref="_wokenInline"/>. Only the receive thread uses it.</summary>
    private bool _collectsWoken;

    /// <summary>
    /// Runs what awaits a pipe on the thread pool. With <see cref="UtpTransportOptions.UnsafePreferInlineScheduling"/>, what a turn of the receive
    /// thread wakes runs on that thread after the turn. Any thread.
    /// </summary>
    public void Wake(IThreadPoolWorkItem waiter)
    {
        if (_wokenInline is not null && Thread.CurrentThread == _receiver && _collectsWoken)
        {
            _wokenInline.Add(waiter);
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(waiter, preferLocal: false);
        }
    }

    /// <summary>Runs what the turn has woken. After the turn, because this is code of the application, which may write and so take the turn.</summary>
    private void RunWoken()
    {
        if (_wokenInline is not { Count: > 0 } woken)
        {
            return;
        }

        foreach (var waiter in woken)
        {
            waiter.Execute();
        }

        woken.Clear();
    }
}

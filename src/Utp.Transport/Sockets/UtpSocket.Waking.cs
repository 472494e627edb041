namespace Utp.Transport.Sockets;

/// <content>Where those who waited for a connection go on.</content>
internal sealed partial class UtpSocket
{
    /// <summary>To run on the receive thread after its turn; null when the thread pool runs them all.</summary>
    private readonly List<IThreadPoolWorkItem>? _wokenInline;

    /// <summary>Set and read by the receive thread alone.</summary>
    private bool _collectsWoken;

    /// <summary>
    /// Runs somebody who waited: on the thread pool, or, with <see cref="UtpTransportOptions.UnsafePreferInlineScheduling"/> and what datagrams
    /// have brought, on the receive thread after its turn. Any thread.
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

    /// <summary>After the turn: what runs here is code of the application, which may write, and so take the turn itself.</summary>
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

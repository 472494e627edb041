using Utp.Protocol.Time;
using Utp.Transport.Connections;
using Utp.Transport.Datagrams;
using Utp.Transport.Diagnostics;

namespace Utp.Transport.Sockets;

/// <content>The turn, and its causes: posted connections, the timer, a socket that takes datagrams again, another shard.</content>
internal sealed partial class SocketShard
{
    /// <summary>The time until the receive thread tries again to handle a deadline that has passed and is still there.</summary>
    private const long RetryMicros = 1_000;

    private readonly Turn _turn;
    private readonly PostedConnections _posted = new();

    /// <summary>The timer for a clock that is not the system's: the receive thread cannot wait for such a clock. Null otherwise.</summary>
    private readonly ITimer? _timer;

    /// <summary>The time at which the timer fires or the receive thread returns from its wait: never later than the next deadline.</summary>
    private long _timerDueMicros = Instant.Never.Micros;
    private bool _timerFired;

    private bool HasWork =>
        !_posted.IsEmpty
        || Volatile.Read(ref _timerFired)
        || Volatile.Read(ref _retrySend)
        || _outgoingNonUtp.HasAny
        || _forwarded.HasAny
        || Volatile.Read(ref _ratesChanged)
        || IsConnectionWaitingForBacklog;

    /// <summary>The time until which the receive thread waits for datagrams. It reads this without the turn; see <see cref="ArmTimer"/>.</summary>
    private Instant ReceiveDeadline => _timer is null ? new Instant(Volatile.Read(ref _timerDueMicros)) : Instant.Never;

    private bool IsConnectionWaitingForBacklog => Volatile.Read(ref _backlogReleases) > 0 && _core.WaitingCount > 0;

    public void Post(UtpConnection connection)
    {
        _posted.Add(connection);
        TryRun();
    }

    public void PostWithoutTurn(UtpConnection connection) => _posted.Add(connection);

    /// <summary>Does the work that was asked for, unless another thread is about to do it.</summary>
    public void TryRun() => _turn.TryRun();

    /// <summary>Reads the state of the core or of a connection within the turn.</summary>
    public T Read<T>(Func<SocketShard, T> read)
    {
        using (_turn.EnterScope())
        {
            return read(this);
        }
    }

    private ITimer CreateTimer()
    {
        // Otherwise the async locals of the first caller would live as long as the socket.
        using (ExecutionContext.SuppressFlow())
        {
            return _clock.TimeProvider.CreateTimer(
                static state => ((SocketShard)state!).OnTimer(),
                this,
                Timeout.InfiniteTimeSpan,
                Timeout.InfiniteTimeSpan);
        }
    }

    private void OnTimer()
    {
        Interlocked.Exchange(ref _timerFired, true);
        TryRun();
    }

    /// <summary>Runs one turn: posted connections, deadlines, events, and then everything that may be sent.</summary>
    private void RunTurn()
    {
        if (_closed)
        {
            DropPosted();
            return;
        }

        try
        {
            var now = _clock.Now;
            if (_timerFired || (_timer is null && now.Micros >= _timerDueMicros))
            {
                Volatile.Write(ref _timerFired, false);
                Volatile.Write(ref _timerDueMicros, Instant.Never.Micros);
            }

            ReleaseBacklogToCore();
            RunPosted(now);
            HandleRatesChanged(now);
            HandleForwardedIcmpErrors();
            TryDeliverSetAside(now);
            _core.HandleDeadlines(now);
            HandleEvents(now);
            FlushInputs();
            SendAll();
            ArmTimer(now);
        }
#pragma warning disable CA1031 // A defect must end the connections of this socket with an error, and neither the process nor the receive thread.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Fail(e);
        }
    }

    private void RunPosted(Instant now)
    {
        var connection = _posted.TakeAll();
        while (connection is not null)
        {
            // The connection may be posted again as soon as its signals are taken.
            var next = connection.NextPosted;
            connection.NextPosted = null;
            connection.RunPosted(now);
            connection = next;
        }
    }

    private void ReleaseBacklogToCore()
    {
        if (Volatile.Read(ref _backlogReleases) == 0)
        {
            return;
        }

        for (var count = Interlocked.Exchange(ref _backlogReleases, 0); count > 0; count--)
        {
            _core.ReleaseBacklog();
        }
    }

    /// <summary>
    /// Makes the receive thread take the turn at the next deadline, which needs no thread of the pool, or arms the timer. The timer is not moved
    /// to a later deadline: to let it fire at the old one costs less than to move it each time.
    /// </summary>
    /// <remarks>
    /// No deadline is missed. The receive thread sets <see cref="_timerDueMicros"/> in its own turns, and reads it before each wait. A turn on
    /// another thread makes it earlier first and calls <see cref="IDatagramChannel.Wake"/> then, with a full fence between the two. If the receive
    /// thread read the old value, it looks for a request to wake after that, so that it finds this one and does not wait, or is woken from its
    /// wait. If an earlier receive has taken the request already, the thread reads the new value next.
    /// </remarks>
    private void ArmTimer(Instant now)
    {
        var due = NextDeadline;
        if (_timer is null)
        {
            ArmReceiver(now, due);
            return;
        }

        if (due.Micros >= _timerDueMicros)
        {
            return;
        }

        _timerDueMicros = due.Micros;
        var micros = Math.Max(0, due - _clock.Now);

        // System timers count milliseconds. If this rounded down, the timer would fire before the deadline.
        _timer.Change(TimeSpan.FromMilliseconds(Math.Min((micros + 999) / 1_000, int.MaxValue)), Timeout.InfiniteTimeSpan);
    }

    /// <summary>
    /// The receive thread's own turns also move the deadline later, because a wait for a near deadline costs more system calls. Turns on other
    /// threads only move it earlier, because they would have to wake the receive thread to announce a later one.
    /// </summary>
    private void ArmReceiver(Instant now, Instant due)
    {
        var isReceiver = Thread.CurrentThread == _receiver;
        if (due.Micros >= _timerDueMicros && !isReceiver)
        {
            return;
        }

        // A deadline that this turn could not handle, because the system takes no datagrams, must not make the receive thread spin.
        due = due > now ? due : now + RetryMicros;
        Volatile.Write(ref _timerDueMicros, due.Micros);
        if (!isReceiver)
        {
            _channel.Wake();
        }
    }

    private void Fail(Exception exception)
    {
        if (IsClosed)
        {
            // A channel may throw when it is closed during a call.
            return;
        }

        // A logger is code of the application. If it throws, the connections and the listener must end all the same.
        RunAndIgnoreExceptions(() => UtpLog.EngineFailed(_logger, LocalEndPoint, exception));
        RunAndIgnoreExceptions(() => _engine.OnFailed(_group, exception));
    }

    private static void RunAndIgnoreExceptions(Action action)
    {
        try
        {
            action();
        }
#pragma warning disable CA1031 // There is nowhere to report it, and if it went on, the process would end.
        catch (Exception)
#pragma warning restore CA1031
        {
            // The log or the clean-up is incomplete.
        }
    }

    private void DropPosted()
    {
        Volatile.Write(ref _timerFired, false);
        Volatile.Write(ref _retrySend, false);
        Volatile.Write(ref _backlogReleases, 0);
        Volatile.Write(ref _ratesChanged, false);
        _outgoingNonUtp.Clear();
        _forwarded.Clear();
        var connection = _posted.TakeAll();
        while (connection is not null)
        {
            var next = connection.NextPosted;
            connection.NextPosted = null;
            connection.EndWithSocket(_group.Failure);
            connection = next;
        }
    }
}

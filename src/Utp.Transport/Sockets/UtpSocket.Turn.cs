using Utp.Protocol.Time;
using Utp.Transport.Connections;
using Utp.Transport.Datagrams;
using Utp.Transport.Diagnostics;

namespace Utp.Transport.Sockets;

/// <content>What a turn does, and what asks for one: posted connections, the timer, a socket that takes datagrams again, another shard.</content>
internal sealed partial class UtpSocket
{
    /// <summary>How soon the receive thread looks again at a deadline that has passed and is still there.</summary>
    private const long RetryMicros = 1_000;

    private readonly Turn _turn;
    private readonly PostedConnections _posted = new();

    /// <summary>For a clock that is not the system's, which the receive thread cannot wait for; null otherwise.</summary>
    private readonly ITimer? _timer;

    /// <summary>When the timer fires, or the receive thread returns from its wait: never later than the next deadline.</summary>
    private long _timerDueMicros = Instant.Never.Micros;
    private bool _timerFired;

    private bool HasWork =>
        !_posted.IsEmpty
        || Volatile.Read(ref _timerFired)
        || Volatile.Read(ref _retrySend)
        || _foreign.HasAny
        || _forwarded.HasAny
        || IsSomebodyWaitingForRoom;

    /// <summary>Until when the receive thread waits for datagrams. It reads this without the turn; see <see cref="ArmTimer"/>.</summary>
    private Instant ReceiveDeadline => _timer is null ? new Instant(Volatile.Read(ref _timerDueMicros)) : Instant.Never;

    private bool IsSomebodyWaitingForRoom => Volatile.Read(ref _backlogReleases) > 0 && _core.WaitingCount > 0;

    public void Post(UtpConnection connection)
    {
        _posted.Add(connection);
        TryRun();
    }

    public void PostWithoutTurn(UtpConnection connection) => _posted.Add(connection);

    /// <summary>Runs what was asked for, unless somebody else is about to.</summary>
    public void TryRun() => _turn.TryRun();

    /// <summary>Reads something of the core or a connection consistently.</summary>
    public T Read<T>(Func<UtpSocket, T> read)
    {
        using (_turn.EnterScope())
        {
            return read(this);
        }
    }

    private ITimer CreateTimer()
    {
        // Without this the first caller's async locals would live as long as the socket.
        using (ExecutionContext.SuppressFlow())
        {
            return _clock.TimeProvider.CreateTimer(
                static state => ((UtpSocket)state!).OnTimer(),
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

    /// <summary>One turn: what was posted, deadlines, events, then everything that may be sent.</summary>
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
            HandleForwardedReports();
            TryDeliverSetAside(now);
            _core.HandleDeadlines(now);
            HandleEvents(now);
            FlushInputs();
            SendAll();
            ArmTimer(now);
        }
#pragma warning disable CA1031 // Whatever it is: a defect of ours must end this socket's connections audibly, not the process or the receive thread.
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
            // The link is free again as soon as the signals are taken.
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
    /// to a later deadline: it fires in vain at the old one, which costs less than each move would.
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

        // System timers count milliseconds: rounding down would fire before the deadline, for nothing.
        _timer.Change(TimeSpan.FromMilliseconds(Math.Min((micros + 999) / 1_000, int.MaxValue)), Timeout.InfiniteTimeSpan);
    }

    /// <summary>
    /// The receive thread's own turns also move the deadline later, because to wait for a near deadline costs more system calls. Turns on other
    /// threads only make it earlier: they would have to wake the receive thread to announce more.
    /// </summary>
    private void ArmReceiver(Instant now, Instant due)
    {
        var isReceiver = Thread.CurrentThread == _receiver;
        if (due.Micros >= _timerDueMicros && !isReceiver)
        {
            return;
        }

        // One that this turn could not end, because the system takes no datagrams, must not make the receive thread spin.
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
            // What a channel throws when it is closed under a call.
            return;
        }

        // A logger is code of the application: what it throws must not keep connections and the listener from being told.
        Quietly(() => UtpLog.EngineFailed(_logger, LocalEndPoint, exception));
        Quietly(() => _engine.OnFailed(_group, exception));
    }

    private static void Quietly(Action action)
    {
        try
        {
            action();
        }
#pragma warning disable CA1031 // There is nowhere left to say so, and beyond this is the end of the process.
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
        _foreign.Clear();
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

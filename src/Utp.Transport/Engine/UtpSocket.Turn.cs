using Utp.Protocol;
using Utp.Transport.Diagnostics;

namespace Utp.Transport.Engine;

/// <content>
/// The turn: mutual exclusion without a queue of work items. Posting is two steps, make the work visible and then try to take the turn; giving
/// it up is two steps, release it and then look for work. With a full fence between the steps of each, either the poster gets the turn or the
/// owner sees the work: no wake-up is lost.
/// </content>
internal sealed partial class UtpSocket
{
    private readonly Lock _turn = new();
    private readonly PostedConnections _posted = new();
    private readonly ITimer _timer;
    private Instant _timerDue = Instant.Never;
    private bool _timerFired;
    private bool _receiverWaits;

    private bool HasWork => !_posted.IsEmpty || Volatile.Read(ref _timerFired) || Volatile.Read(ref _retrySend) || _foreign.HasOutgoing;

    public void Post(UtpConnection connection)
    {
        _posted.Add(connection);
        TryRun();
    }

    public void PostWithoutTurn(UtpConnection connection) => _posted.Add(connection);

    /// <summary>Runs what is posted unless somebody has the turn, or waits for it with datagrams: then they run it.</summary>
    public void TryRun()
    {
        if (_turn.IsHeldByCurrentThread)
        {
            return;
        }

        // The interlocked operation that made the work visible was a full fence, and so is entering. A receiver that waits has priority
        // over application threads, which would otherwise keep it from the turn as long as there are enough of them.
        while (HasWork && !Volatile.Read(ref _receiverWaits) && _turn.TryEnter())
        {
            try
            {
                RunTurn(yieldToReceiver: true);
            }
            finally
            {
                _turn.Exit();
            }

            Interlocked.MemoryBarrier();
        }
    }

    /// <summary>Reads something of the core or a connection consistently.</summary>
    public T Read<T>(Func<UtpSocket, T> read)
    {
        T value;
        lock (_turn)
        {
            value = read(this);
        }

        TryRun();
        return value;
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
        Volatile.Write(ref _timerFired, true);
        Interlocked.MemoryBarrier();
        TryRun();
    }

    private void TakeTurnForReceiver()
    {
        Volatile.Write(ref _receiverWaits, true);
        _turn.Enter();
        Volatile.Write(ref _receiverWaits, false);

        // Whoever saw us wait left its work to us before this point; the fence lets us see it after.
        Interlocked.MemoryBarrier();
    }

    /// <summary>One turn: what was posted, deadlines, events, then everything that may be sent.</summary>
    private void RunTurn(bool yieldToReceiver)
    {
        if (_closed)
        {
            DropPosted();
            return;
        }

        try
        {
            var now = _clock.Now;
            if (_timerFired)
            {
                Volatile.Write(ref _timerFired, false);
                _timerDue = Instant.Never;
            }

            ReleaseBacklogToCore();
            RunPosted(now);
            _core.HandleDeadlines(now);
            HandleEvents(now);
            FlushInputs();
            SendAll(yieldToReceiver);
            ArmTimer();
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
    /// Arms the timer when the next deadline is earlier than what it is armed for. A deadline that moved away is noticed when the timer
    /// fires for nothing, which costs less than telling the timer of each move.
    /// </summary>
    private void ArmTimer()
    {
        var due = _core.NextDeadline;
        if (due >= _timerDue)
        {
            return;
        }

        _timerDue = due;
        var micros = Math.Max(0, due - _clock.Now);

        // System timers count milliseconds: rounding down would fire before the deadline, for nothing.
        _timer.Change(TimeSpan.FromMilliseconds(Math.Min((micros + 999) / 1_000, int.MaxValue)), Timeout.InfiniteTimeSpan);
    }

    private void Fail(Exception exception)
    {
        UtpLog.EngineFailed(_logger, LocalEndPoint, exception);
        _engine.OnFailed(this);
    }

    private void DropPosted()
    {
        Volatile.Write(ref _timerFired, false);
        Volatile.Write(ref _retrySend, false);
        _foreign.DropOutgoing();
        var connection = _posted.TakeAll();
        while (connection is not null)
        {
            var next = connection.NextPosted;
            connection.NextPosted = null;
            connection.EndWithSocket();
            connection = next;
        }
    }
}

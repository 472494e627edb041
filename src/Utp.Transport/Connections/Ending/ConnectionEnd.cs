namespace Utp.Transport.Connections.Ending;

/// <summary>
/// How a connection ends: a state machine of the input's end, the output's end, the application's interest and the tie to the socket.
/// <see cref="Apply"/> is the only method that moves it; it returns what the connection has to do.
/// </summary>
/// <remarks>
/// <para>
/// The table names each cause, and what it means for those who notice. "Closed" in it is a write that has no effect and a flush whose result
/// says <c>IsCompleted</c>. The token is <c>ConnectionClosed</c>. A connection that has ended no longer counts against <c>MaxConnections</c>.
/// </para>
/// <code>
/// Cause                   Reader sees                Writer sees    Peer gets                     Token fires       Has ended
/// ----------------------  -------------------------  -------------  ----------------------------  ----------------  ---------
/// Disposed                (completed it)             (completed it) written bytes, FIN            at once           at once
/// BothPipesCompleted      (completed it)             (completed it) written bytes, FIN            at once           at once
/// CloseRequested          ConnectionAbortedException Closed         written bytes, FIN            at once           at once
/// Aborted                 the reason of the abort    Closed         RESET                         at once           at once
/// EngineStops, completed  ConnectionAbortedException (completed it) written bytes, FIN            at once           at once
/// EngineStops, open       ConnectionAbortedException Closed         written bytes, RESET          at once           at once
/// InputCompleted          (completed it)             no change      an open receive window        no                no
/// OutputCompleted         no change                  (completed it) written bytes, FIN            no                no
/// FinAcknowledged         no change                  (completed it) nothing                       no                no
///   if it closes (below)  ConnectionAbortedException (completed it) nothing                       at once           at once
/// PeerFinished            the end of the stream      no change      nothing                       CloseOnPeerFinish no
/// ClosedByCore: RESET     ConnectionResetException   Closed         nothing                       at once           at once
/// ClosedByCore: timeout   ConnectionResetException   Closed         RESET, or nothing (handshake) at once           at once
/// ClosedByCore: graceful  the end of the stream      Closed         nothing                       at once           at once
/// SocketGone              ConnectionAbortedException Closed         nothing                       at once           at once
/// </code>
/// <para>
/// What has ended before stays as it is: the first cause decides what a reader sees. With <c>CloseOnPeerFinish</c> an acknowledged FIN closes the
/// connection, unless the application has asked for a half-close. A dispose does not stop an abort of the engine, and nothing follows
/// <see cref="OutputEnd.Closed"/> but the end of the tie to the socket.
/// </para>
/// <para>
/// The thread that has the turn writes; other threads read single fields. <see cref="Apply"/> ends with a full fence. It separates the writes
/// of the state from the reads that follow: of a lease, and of a task that waits for delivery. A thread that creates one of these reads the
/// state afterwards, also behind a full fence, so that at least one of the two threads sees what the other has done.
/// </para>
/// </remarks>
/// <param name="closesOnPeerFinish">The connection's <see cref="UtpConnectionOptions.CloseOnPeerFinish"/>.</param>
internal struct ConnectionEnd(bool closesOnPeerFinish)
{
    private const EndSteps StopSteps = EndSteps.CompleteInput | EndSteps.RefuseOutput | EndSteps.Detach | EndSteps.ReturnLease;

    private readonly bool _closesOnPeerFinish = closesOnPeerFinish;
    private byte _input;
    private byte _output;
    private byte _interest;
    private SocketTie _tie;
    private bool _isDelivered;

    // These two are the application's: any thread sets them.
    private bool _isHalfClosed;
    private bool _isDisposed;

    /// <summary>Any thread.</summary>
    public readonly InputEnd Input => (InputEnd)Volatile.Read(in _input);

    /// <summary>Any thread.</summary>
    public readonly OutputEnd Output => (OutputEnd)Volatile.Read(in _output);

    /// <summary>Any thread.</summary>
    public readonly Interest Interest => (Interest)Volatile.Read(in _interest);

    /// <summary>Whether the connection takes no more bytes. Any thread. The input has ended then, because <see cref="Apply"/> ends it first.</summary>
    public readonly bool RefusesOutput => Output >= OutputEnd.Closing;

    /// <summary>Whether the peer has acknowledged every byte and the FIN, or never will. Any thread.</summary>
    public readonly bool IsDelivered => Volatile.Read(in _isDelivered);

    /// <summary>Whether the application has disposed the connection. Any thread.</summary>
    public readonly bool IsDisposed => Volatile.Read(in _isDisposed);

    /// <summary>Whether <see cref="EndCause.BothPipesCompleted"/> is the case.</summary>
    public readonly bool HasBothPipesCompleted =>
        (Input & InputEnd.Abandoned) != 0 && Output >= OutputEnd.Completed && !Volatile.Read(in _isHalfClosed);

    /// <summary>Notes that the application has disposed the connection. Any thread.</summary>
    /// <returns>False if it had before.</returns>
    public bool TryDispose() => !Interlocked.Exchange(ref _isDisposed, true);

    /// <summary>Notes that the application asks for a half-close: it completes its output and goes on reading. Any thread, before that.</summary>
    public void NoteHalfClose() => Volatile.Write(ref _isHalfClosed, true);

    /// <summary>
    /// Publishes that the token is about to fire, or that the connection has ended. Not part of <see cref="Apply"/>, because a thread that sees it
    /// may rely on a completed input pipe. The caller adds a full fence if it reads anything afterwards.
    /// </summary>
    public void Publish(Interest interest) => Volatile.Write(ref _interest, (byte)interest);

    /// <summary>Whether the cause makes the connection refuse output that it takes now, and deliver what it has.</summary>
    public readonly bool StopsOutput(EndCause cause) => !RefusesOutput && cause switch
    {
        EndCause.Disposed or EndCause.BothPipesCompleted or EndCause.CloseRequested or EndCause.EngineStops => true,
        EndCause.FinAcknowledged => _closesOnPeerFinish && !Volatile.Read(in _isHalfClosed),
        _ => false,
    };

    /// <summary>Moves to the state that follows.</summary>
    /// <returns>What the connection has to do, now and in the order of the values.</returns>
    public EndSteps Apply(EndCause cause)
    {
        var steps = cause switch
        {
            EndCause.InputCompleted => Abandon(),
            EndCause.OutputCompleted => Complete(),
            EndCause.PeerFinished => Finish(),
            EndCause.FinAcknowledged => EndSteps.SignalDelivered | Stop(cause),
            EndCause.Aborted => Close() is var close and not EndSteps.None ? close | EndSteps.ResetPeer : EndSteps.None,
            EndCause.ClosedByCore => Close(),
            EndCause.SocketGone => Close() | Release(),
            EndCause.CoreLingers => Lend(),
            EndCause.CoreReleased => Release(),
            _ => Stop(cause),
        };
        if ((steps & EndSteps.SignalDelivered) != 0)
        {
            Volatile.Write(ref _isDelivered, true);
        }

        Interlocked.MemoryBarrier();
        return steps;
    }

    private EndSteps Abandon()
    {
        if ((Input & InputEnd.Abandoned) != 0)
        {
            return EndSteps.None;
        }

        Set(Input | InputEnd.Abandoned);
        return EndSteps.ReturnWindow;
    }

    private EndSteps Complete()
    {
        if (Output != OutputEnd.Open)
        {
            return EndSteps.None;
        }

        Set(OutputEnd.Completed);
        return EndSteps.FinishCore;
    }

    private EndSteps Finish()
    {
        var steps = Due(_closesOnPeerFinish ? EndSteps.CompleteInput | EndSteps.Detach : EndSteps.CompleteInput);
        Set(Input | InputEnd.Ended);
        return steps;
    }

    /// <summary>
    /// Takes nothing more from the application, and gives it nothing more. If the engine stops while the output is open, a RESET follows the
    /// written bytes: a FIN would make a truncated answer look complete.
    /// </summary>
    private EndSteps Stop(EndCause cause)
    {
        if (!StopsOutput(cause))
        {
            return EndSteps.None;
        }

        var resets = cause == EndCause.EngineStops && Output == OutputEnd.Open;
        var steps = Due(StopSteps);
        Set(Input | InputEnd.Ended);
        Set(resets ? OutputEnd.Resetting : OutputEnd.Closing);
        return resets ? steps : steps | EndSteps.CloseCore;
    }

    private EndSteps Close()
    {
        if (Output == OutputEnd.Closed)
        {
            return EndSteps.None;
        }

        var steps = Due(StopSteps) | EndSteps.DropOutput | EndSteps.SignalDelivered | EndSteps.Settle;
        Set(Input | InputEnd.Ended);
        Set(OutputEnd.Closed);
        return steps;
    }

    private EndSteps Lend()
    {
        if (_tie != SocketTie.Held || Output != OutputEnd.Closed)
        {
            return EndSteps.None;
        }

        _tie = SocketTie.Lent;
        return EndSteps.LendReference;
    }

    private EndSteps Release()
    {
        if (_tie != SocketTie.Held)
        {
            return EndSteps.None;
        }

        _tie = SocketTie.Released;
        return EndSteps.ReleaseReference;
    }

    /// <summary>Leaves out the steps that an earlier cause has led to already.</summary>
    private readonly EndSteps Due(EndSteps steps)
    {
        var done = ((Input & InputEnd.Ended) != 0 ? EndSteps.CompleteInput : EndSteps.None)
            | (RefusesOutput ? EndSteps.RefuseOutput : EndSteps.None)
            | (Interest != Interest.Attached ? EndSteps.Detach : EndSteps.None)
            | (Interest == Interest.Ended ? EndSteps.ReturnLease : EndSteps.None);
        return steps & ~done;
    }

    private void Set(InputEnd input) => Volatile.Write(ref _input, (byte)input);

    private void Set(OutputEnd output) => Volatile.Write(ref _output, (byte)output);
}

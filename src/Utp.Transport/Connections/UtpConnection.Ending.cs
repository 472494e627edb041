using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Utp.Protocol.Connections.Closing;
using Utp.Protocol.Connections.Statistics;
using Utp.Protocol.Time;
using Utp.Transport.Connections.Ending;
using Utp.Transport.Sockets;

namespace Utp.Transport.Connections;

/// <content>The end of the connection: <see cref="ConnectionEnd"/> decides, <see cref="Apply"/> carries out.</content>
internal sealed partial class UtpConnection
{
    private ConnectionEnd _end;
    private UtpCloseReason _closeReason;
    private ConnectionAbortedException? _abortReason;
    private IDisposable? _lease;
    private TaskCompletionSource? _detached;
    private TaskCompletionSource? _finished;
    private CancellationTokenSource? _closedSource;
    private CancellationToken? _replacedToken;

    /// <summary>Allocated when the connection ends: an open one does without these 168 bytes.</summary>
    private StrongBox<ConnectionStatistics>? _lastStatistics;

    /// <summary>Fires when the connection is over for the application. <c>Input</c> is already completed then.</summary>
    public override CancellationToken ConnectionClosed
    {
        get
        {
            if (_replacedToken is { } replaced)
            {
                return replaced;
            }

            var source = LazyInitializer.EnsureInitialized(ref _closedSource);
            if (IsDetached)
            {
                Cancel(source);
            }

            return source.Token;
        }
        set => _replacedToken = value;
    }

    public UtpCloseReason CloseReason => _closeReason;

    /// <summary>Whether the connection gives the application nothing more, and takes nothing more. Any thread.</summary>
    public bool IsEnded => _end.RefusesOutput;

    /// <summary>Whether the connection takes no more bytes. Any thread.</summary>
    public bool RefusesOutput => _end.RefusesOutput;

    private bool IsDetached => _end.Interest != Interest.Attached;

    /// <summary>Attaches the <c>MaxConnections</c> lease. Disposes it at once if the connection has already ended. Any thread, at most once.</summary>
    public void TakeLease(IDisposable lease)
    {
        Volatile.Write(ref _lease, lease);

        // The turn changes the state first and reads the lease then. With a fence on both sides at least one of the two disposes the lease;
        // to dispose it twice does no harm.
        Interlocked.MemoryBarrier();
        if (IsEnded)
        {
            lease.Dispose();
        }
    }

    /// <summary>Aborts in the next turn. Called within a turn.</summary>
    public void AbortWithoutTurn(ConnectionAbortedException reason)
    {
        Interlocked.CompareExchange(ref _abortReason, reason, null);
        PostWithoutTurn(Sockets.ConnectionSignals.Abort);
    }

    /// <summary>Resets an inbound connection that no listener takes.</summary>
    public void Refuse(Instant now)
    {
        _abortReason ??= UtpErrors.NotAccepted();
        Apply(now, EndCause.Aborted, UtpCloseReason.LocalAbort);
    }

    /// <summary>Ends the connection because its socket is gone.</summary>
    /// <param name="failure">Why the socket failed; null when the engine has closed it.</param>
    public void EndWithSocket(Exception? failure)
    {
        _abortReason ??= failure is null ? UtpErrors.EngineStopped() : UtpErrors.SocketFailed(_socket.LocalEndPoint, failure);
        _connected?.TrySetException(failure is null ? UtpErrors.EngineDisposed() : UtpErrors.ConnectSocketFailed(_socket.LocalEndPoint, failure));
        Apply(_socket.Engine.Clock.Now, EndCause.SocketGone, UtpCloseReason.LocalAbort);
    }

    /// <summary>Moves <see cref="ConnectionEnd"/>, and does what it asks for. The only place that ends anything.</summary>
    /// <param name="now">The turn's time.</param>
    /// <param name="cause">What has happened.</param>
    /// <param name="reason">Why the connection ends, for causes that lead to <see cref="OutputEnd.Closed"/>.</param>
    private void Apply(Instant now, EndCause cause, UtpCloseReason reason = UtpCloseReason.None)
    {
        var stopsOutput = _end.StopsOutput(cause);
        if (stopsOutput)
        {
            if (cause == EndCause.EngineStops && _end.Output == OutputEnd.Open)
            {
                Interlocked.CompareExchange(ref _abortReason, UtpErrors.EngineStopped(), null);
            }

            // What the application has written so far is for the peer; what it writes from now on is not.
            PumpOutput(now);
            _closingBytes = _unacknowledgedBytes;
        }

        if (_closeReason == UtpCloseReason.None)
        {
            // Before the state: an application that finds the output refused asks for the reason.
            _closeReason = reason;
        }

        Carry(_end.Apply(cause), now, cause);
    }

    private void Carry(EndSteps steps, Instant now, EndCause cause)
    {
        if ((steps & EndSteps.ResetPeer) != 0)
        {
            _core!.Abort(now);
        }

        EndPipes(steps, now, cause);
        if ((steps & EndSteps.FinishCore) != 0)
        {
            _core!.Finish(now);
        }

        if ((steps & EndSteps.CloseCore) != 0)
        {
            _core!.Close(now);
        }

        EndInterest(steps);
        if ((steps & EndSteps.Settle) != 0)
        {
            Settle();
        }

        EndReference(steps);
    }

    private void EndPipes(EndSteps steps, Instant now, EndCause cause)
    {
        if ((steps & EndSteps.ReturnWindow) != 0)
        {
            ReturnWindow(now);
        }

        if ((steps & EndSteps.CompleteInput) != 0)
        {
            _input.CompleteWriter(ReaderError(cause));
        }

        if ((steps & EndSteps.RefuseOutput) != 0)
        {
            _output.Refuse();
        }

        if ((steps & EndSteps.DropOutput) != 0)
        {
            SetUnacknowledged(0);
            _output.CompleteReader();
        }
    }

    private void EndInterest(EndSteps steps)
    {
        if ((steps & EndSteps.SignalDelivered) != 0)
        {
            _finished?.TrySetResult();
        }

        if ((steps & EndSteps.ReturnLease) != 0)
        {
            // Before a dispose that waits completes: an application that has closed a connection can make another at once.
            _lease?.Dispose();
            _lease = null;
        }

        if ((steps & EndSteps.Detach) != 0)
        {
            Detach();
        }

        if ((steps & EndSteps.ReturnLease) != 0)
        {
            _end.Publish(Interest.Ended);
        }
    }

    private void EndReference(EndSteps steps)
    {
        if ((steps & EndSteps.LendReference) != 0)
        {
            _socket.Linger(_core!);
            _core = null;
        }

        if ((steps & EndSteps.ReleaseReference) != 0)
        {
            _core = null;
            _socket.Release();
        }
    }

    private void Settle()
    {
        _lastStatistics = new StrongBox<ConnectionStatistics>(_core?.Statistics ?? default);
        _connected?.TrySetException(UtpErrors.ForConnect(_closeReason, _remote.ToEndPoint()));
        _socket.Settle(this, _lastStatistics.Value);
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>What a reader sees in place of the end of the stream; null for the end.</summary>
    private Exception? ReaderError(EndCause cause)
    {
        switch (cause)
        {
            case EndCause.Disposed or EndCause.BothPipesCompleted:
                return null;
            case EndCause.PeerFinished:
                return _socket.HasSetAsideFor(_core!) ? UtpErrors.NoMemory() : null;
            case EndCause.FinAcknowledged:
                return UtpErrors.OutputCompleted();
            case EndCause.EngineStops when _end.Output == OutputEnd.Resetting:
                return _abortReason;
            case EndCause.EngineStops or EndCause.CloseRequested:
                return UtpErrors.ClosedGracefully();
            default:
                var error = UtpErrors.ForReader(_closeReason, _core?.Evidence ?? CloseEvidence.None);
                return _closeReason == UtpCloseReason.LocalAbort ? _abortReason ?? error : error;
        }
    }

    /// <summary>Resets a connection that ends with the engine, once the peer has acknowledged every byte.</summary>
    private void ResetIfDelivered(Instant now)
    {
        if (_end.Output == OutputEnd.Resetting && _unacknowledgedBytes == 0)
        {
            Apply(now, EndCause.Aborted, UtpCloseReason.LocalAbort);
        }
    }

    /// <summary>Fires the token and completes a dispose that waits. The input is completed by now, so no callback finds a reader that waits.</summary>
    private void Detach()
    {
        _end.Publish(Interest.Detached);

        // A thread that creates one of these reads the state afterwards; this thread sets the state and reads these afterwards.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _closedSource) is { } source)
        {
            Cancel(source);
        }

        Volatile.Read(ref _detached)?.TrySetResult();
    }

    /// <summary>Cancels the token now, and runs the callbacks registered on it on the thread pool. Any thread.</summary>
    private void Cancel(CancellationTokenSource source)
    {
        var callbacks = source.CancelAsync();
        if (!callbacks.IsCompleted)
        {
            callbacks.ContinueWith(
                static (task, state) => ((UtpConnection)state!).LogCallbackFailure(task.Exception!),
                this,
                CancellationToken.None,
                TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
        }
    }
}

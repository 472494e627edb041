using System.Runtime.CompilerServices;
using Utp.Protocol.Connections;
using Utp.Protocol.Time;
using Utp.Transport.Sockets;

namespace Utp.Transport.Connections;

/// <content>
/// What the executor does with the connection. Every method here is called with the socket's turn; none runs code of the application.
/// Three ends are tracked apart: the input pipe's, the output pipe's, and the application's interest (detached: its token has fired).
/// </content>
internal sealed partial class UtpConnection
{
    private ConnectionCore? _core;
    private ConnectionSettings? _connectSettings;
    private TaskCompletionSource? _connected;
    private IDisposable? _lease;
    private UtpCloseReason _closeReason;
    private byte _unsendableRequests;

    /// <summary>Made when the connection ends: an open one does without these 168 bytes.</summary>
    private StrongBox<ConnectionStatistics>? _lastStatistics;
    private long _unreadBytes;
    private long _heldBytes;
    private long _closingBytes;
    private bool _inputDropped;
    private bool _inputEnded;
    private bool _outputFinished;
    private bool _outputEnded;
    private bool _refusesOutput;
    private bool _closing;
    private bool _resetsWhenDelivered;
    private bool _isFinished;
    private bool _hasReference = true;

    /// <summary>The next connection that this turn delivered to; belongs to the socket.</summary>
    public UtpConnection? NextTouched { get; set; }

    public bool IsTouched { get; set; }

    public UtpCloseReason CloseReason => _closeReason;

    /// <summary>How long its last bytes may take when it is closed.</summary>
    public TimeSpan LingerTimeout => _options.LingerTimeout;

    /// <summary>Whether written bytes still go anywhere. Any thread.</summary>
    public bool RefusesOutput => Volatile.Read(ref _refusesOutput);

    /// <summary>Everything written, and the end of it, was acknowledged; or never will be. Any thread.</summary>
    private bool IsFinished => Volatile.Read(ref _isFinished);

    /// <summary>Ties what bounds the application's connections to this one, which may have ended meanwhile. Any thread, once.</summary>
    public void TakeLease(IDisposable lease)
    {
        Volatile.Write(ref _lease, lease);
        Interlocked.MemoryBarrier();
        if (IsEnded)
        {
            lease.Dispose();
        }
    }

    public void RunPosted(Instant now)
    {
        var signals = (ConnectionSignals)Interlocked.Exchange(ref _signals, 0);
        if ((signals & ConnectionSignals.Connect) != 0)
        {
            StartConnecting(now);
        }

        if ((signals & ConnectionSignals.CancelConnect) != 0)
        {
            CancelConnecting(now);
        }

        if (_core is null || _closeReason != UtpCloseReason.None)
        {
            return;
        }

        if ((signals & ConnectionSignals.Unsendable) != 0 && _core.State == ConnectionState.SynSent)
        {
            _core.Abort(now);
            HandleClosed(UtpCloseReason.Unreachable);
            return;
        }

        if ((signals & ConnectionSignals.Abort) != 0)
        {
            AbortNow(now);
            return;
        }

        if ((signals & ConnectionSignals.Consumed) != 0)
        {
            TakeConsumed(now);
        }

        if ((signals & ConnectionSignals.InputCompleted) != 0)
        {
            DropInput(now);
        }

        if ((signals & ConnectionSignals.Output) != 0)
        {
            PumpOutput(now);
        }

        if ((signals & ConnectionSignals.Dispose) != 0 || (_inputDropped && _outputFinished && !_halfClosed))
        {
            CloseGracefully(now, null);
        }
        else if ((signals & ConnectionSignals.Close) != 0)
        {
            CloseGracefully(now, UtpErrors.ClosedGracefully());
        }
        else if ((signals & ConnectionSignals.EngineStops) != 0)
        {
            EndWithEngine(now);
        }
    }

    /// <summary>In-order payload. The advertised window is what the pipe may still hold, so it never overfills.</summary>
    /// <returns>How many bytes were taken: fewer than there are only when there is no memory for the rest.</returns>
    public int Deliver(Instant now, ReadOnlySpan<byte> payload)
    {
        if (_inputEnded || _inputDropped)
        {
            _core?.HandleConsumed(now, payload.Length);
            return payload.Length;
        }

        if (Volatile.Read(ref _consumedBytes) > 0)
        {
            TakeConsumed(now);
        }

        var before = _input.UncommittedLength;
        var taken = payload.Length;
        try
        {
            _input.Append(payload);
        }
        catch (OutOfMemoryException)
        {
            taken = (int)(_input.UncommittedLength - before);
        }

        _unreadBytes += taken;
        return taken;
    }

    public void FlushInput()
    {
        if (!_inputEnded)
        {
            _input.Flush();
        }
    }

    public void HandleEvents(Instant now, ConnectionEvents events)
    {
        if ((events & ConnectionEvents.Connected) != 0)
        {
            _local = _core!.Local;
            _connected?.TrySetResult();
        }

        if ((events & ConnectionEvents.Acknowledged) != 0)
        {
            PumpOutput(now);
            ResetWhenDelivered(now);
        }

        if ((events & ConnectionEvents.PeerFinished) != 0)
        {
            EndInput(_socket.HasSetAsideFor(_core!) ? UtpErrors.NoMemory() : null);
            if (_options.CloseOnPeerFinish)
            {
                Detach();
            }
        }

        if ((events & ConnectionEvents.Finished) != 0 && (events & ConnectionEvents.Closed) == 0)
        {
            HandleFinished(now);
        }

        if ((events & ConnectionEvents.Closed) != 0)
        {
            HandleClosed(_core!.CloseReason);
        }

        if ((events & ConnectionEvents.Released) != 0)
        {
            ReleaseReference();
        }
        else if (_closeReason != UtpCloseReason.None && _hasReference && _core!.State == ConnectionState.Lingering)
        {
            _hasReference = false;
            _socket.Linger(_core);
            _core = null;
        }
    }

    /// <summary>
    /// The system refused to send a request to connect. Once may be about another peer, which some systems report with the next call, or an
    /// interface that comes up; twice is how it is.
    /// </summary>
    public void NoteUnsendableRequest()
    {
        if (++_unsendableRequests == 2)
        {
            // Sending raises no events: the next turn ends it.
            PostWithoutTurn(ConnectionSignals.Unsendable);
        }
    }

    /// <summary>An inbound connection that no listener takes.</summary>
    public void Refuse(Instant now)
    {
        _abortReason ??= UtpErrors.NotAccepted();
        AbortNow(now);
    }

    /// <summary>The socket is gone, and the connection with it.</summary>
    /// <param name="failure">Why the socket failed; null when the engine has closed it.</param>
    public void EndWithSocket(Exception? failure)
    {
        _abortReason ??= failure is null ? UtpErrors.EngineStopped() : UtpErrors.SocketFailed(_socket.LocalEndPoint, failure);
        _connected?.TrySetException(failure is null ? UtpErrors.EngineDisposed() : UtpErrors.ConnectSocketFailed(_socket.LocalEndPoint, failure));
        if (_closeReason == UtpCloseReason.None)
        {
            HandleClosed(UtpCloseReason.LocalAbort);
        }

        ReleaseReference();
    }

    private void StartConnecting(Instant now)
    {
        _core = _socket.Connect(now, this, _remote, _connectSettings!);
        if (_core is null)
        {
            var limit = _socket.Engine.MaxConnections;
            FailConnecting(_socket.Core.ConnectionCount >= limit ? UtpErrors.TooManyConnections(limit) : UtpErrors.NoFreeId(_remote.ToEndPoint()));
            return;
        }

        // Logs and the trace name the connection alike.
        Interlocked.CompareExchange(ref _connectionId, _core.TraceId, null);
    }

    private void CancelConnecting(Instant now)
    {
        if (_connected!.Task.IsCompleted)
        {
            return;
        }

        _connected.TrySetCanceled();
        if (_core is not null && _closeReason == UtpCloseReason.None)
        {
            AbortNow(now);
        }
    }

    private void FailConnecting(Exception exception)
    {
        _connected!.TrySetException(exception);
        HandleClosed(UtpCloseReason.LocalAbort);
        ReleaseReference();
    }

    private void TakeConsumed(Instant now)
    {
        var bytes = Interlocked.Exchange(ref _consumedBytes, 0);
        if (bytes > 0 && !_inputDropped)
        {
            _unreadBytes -= bytes;
            _core!.HandleConsumed(now, bytes);
        }
    }

    /// <summary>Nobody reads any more: what is unread, and what still comes, counts as consumed.</summary>
    private void DropInput(Instant now)
    {
        if (!_inputDropped)
        {
            _inputDropped = true;
            if (_unreadBytes > 0)
            {
                _core!.HandleConsumed(now, _unreadBytes);
                _unreadBytes = 0;
            }
        }
    }

    /// <summary>
    /// Gives acknowledged bytes back to the pipe, which lets the writer go on, and shows the rest to the core.
    /// </summary>
    private void PumpOutput(Instant now)
    {
        if (_outputEnded)
        {
            return;
        }

        var acknowledged = _core!.AcknowledgedBytes;
        var rest = _output.ReleaseAndGetUnacknowledged(acknowledged, _socket.BufferShare.Of(_options.SendBufferSize, _core.MinRoundTripMicros), out var isCompleted);
        if (_closing)
        {
            // What was written after the close is not for the peer.
            _closingBytes -= acknowledged;
            rest = rest.Slice(0, Math.Min(rest.Length, _closingBytes));
        }

        Hold(rest.Length);
        _core.HandleSendBuffer(now, rest, acknowledged);
        if (isCompleted && !_outputFinished)
        {
            _outputFinished = true;
            if (!_closing)
            {
                _core.Finish(now);
            }
        }
    }

    private void Hold(long bytes)
    {
        _socket.BufferShare.Update(_heldBytes, bytes);
        _heldBytes = bytes;
    }

    private void HandleFinished(Instant now)
    {
        Volatile.Write(ref _isFinished, true);
        _finished?.TrySetResult();
        if (_options.CloseOnPeerFinish && !_halfClosed)
        {
            CloseGracefully(now, UtpErrors.OutputCompleted());
        }
    }

    private void CloseGracefully(Instant now, Exception? readerError)
    {
        if (_closing)
        {
            return;
        }

        StopOutput(now, readerError);
        _core!.Close(now);
        Detach();
        End();
    }

    /// <summary>
    /// The engine stops. A connection whose application has completed its output ends as it was going to. One that the application still holds
    /// open delivers what is written and ends with a RESET: the end of the stream would make a truncated answer look whole.
    /// </summary>
    private void EndWithEngine(Instant now)
    {
        if (_outputFinished)
        {
            CloseGracefully(now, UtpErrors.ClosedGracefully());
        }
        else if (!_closing)
        {
            _resetsWhenDelivered = true;
            Interlocked.CompareExchange(ref _abortReason, UtpErrors.EngineStopped(), null);
            StopOutput(now, _abortReason);
            Detach();
            End();
            ResetWhenDelivered(now);
        }
    }

    private void ResetWhenDelivered(Instant now)
    {
        if (_resetsWhenDelivered && _heldBytes == 0 && _closeReason == UtpCloseReason.None)
        {
            AbortNow(now);
        }
    }

    /// <summary>Nothing more is taken from the application, and nothing given to it.</summary>
    private void StopOutput(Instant now, Exception? readerError)
    {
        PumpOutput(now);
        _closing = true;
        _closingBytes = _heldBytes;
        RefuseOutput();
        EndInput(readerError);
    }

    private void AbortNow(Instant now)
    {
        _core!.Abort(now);
        HandleClosed(UtpCloseReason.LocalAbort);
    }

    private void HandleClosed(UtpCloseReason reason)
    {
        if (_closeReason != UtpCloseReason.None)
        {
            return;
        }

        _closeReason = reason;
        _lastStatistics = new StrongBox<ConnectionStatistics>(_core?.Statistics ?? default);
        _connected?.TrySetException(UtpErrors.ForConnect(reason, _remote.ToEndPoint()));
        var error = UtpErrors.ForReader(reason, _core?.Evidence ?? CloseEvidence.None);
        EndInput(reason == UtpCloseReason.LocalAbort ? _abortReason ?? error : error);
        RefuseOutput();
        _outputEnded = true;
        Hold(0);
        _output.CompleteReader();
        Volatile.Write(ref _isFinished, true);
        _finished?.TrySetResult();
        Detach();
        End();
        _socket.Settle(this, _lastStatistics.Value);
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private void EndInput(Exception? error)
    {
        if (!_inputEnded)
        {
            Volatile.Write(ref _inputEnded, true);
            _input.CompleteWriter(error);
        }
    }

    private void RefuseOutput()
    {
        if (!_refusesOutput)
        {
            Volatile.Write(ref _refusesOutput, true);
            _output.Refuse();
        }
    }

    /// <summary>The connection no longer counts as one that the application has.</summary>
    private void End()
    {
        _lease?.Dispose();
        _lease = null;
    }

    private void ReleaseReference()
    {
        if (_hasReference)
        {
            _hasReference = false;
            _core = null;
            _socket.Release();
        }
    }
}

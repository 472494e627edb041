using Utp.Protocol.Connections;
using Utp.Protocol.Time;
using Utp.Transport.Connections.Ending;
using Utp.Transport.Sockets;

namespace Utp.Transport.Connections;

/// <content>
/// What a turn of the socket does with the connection: it handles the signals of other threads and the events of the core. The methods of this
/// part, of Data and of Ending run within the turn unless they say otherwise. They run no code of the application.
/// </content>
internal sealed partial class UtpConnection
{
    private ConnectionCore? _core;

    /// <summary>Combined with <see cref="Interlocked.Or(ref int, int)"/> by any thread, and taken by the turn.</summary>
    private int _signals;

    /// <summary>The next connection that this turn delivered to; belongs to the socket.</summary>
    public UtpConnection? NextTouched { get; set; }

    public bool IsTouched { get; set; }

    /// <summary>The next of the posted connections; belongs to <see cref="PostedConnections"/>.</summary>
    public UtpConnection? NextPosted { get; set; }

    /// <summary>Signals the turn, and takes the turn if it is free. Any thread.</summary>
    public void Post(ConnectionSignals signals)
    {
        if (Mark(signals))
        {
            _socket.Post(this);
        }
    }

    /// <summary>Signals the next turn, from within a turn.</summary>
    public void PostWithoutTurn(ConnectionSignals signals)
    {
        if (Mark(signals))
        {
            _socket.PostWithoutTurn(this);
        }
    }

    /// <summary>Handles the signals since the last call.</summary>
    public void RunPosted(Instant now)
    {
        var signals = (ConnectionSignals)Interlocked.Exchange(ref _signals, 0);
        RunConnectSignals(now, signals);
        if (_core is null || _closeReason != UtpCloseReason.None)
        {
            return;
        }

        if ((signals & ConnectionSignals.Unsendable) != 0 && _core.State == ConnectionState.SynSent)
        {
            Apply(now, EndCause.Aborted, UtpCloseReason.Unreachable);
            return;
        }

        if ((signals & ConnectionSignals.Abort) != 0)
        {
            Apply(now, EndCause.Aborted, UtpCloseReason.LocalAbort);
            return;
        }

        RunPipeSignals(now, signals);
        RunCloseSignals(now, signals);
    }

    /// <summary>Handles what has happened to the connection in the core.</summary>
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
            ResetIfDelivered(now);
        }

        if ((events & ConnectionEvents.PeerFinished) != 0)
        {
            Apply(now, EndCause.PeerFinished);
        }

        if ((events & ConnectionEvents.Closed) != 0)
        {
            Apply(now, EndCause.ClosedByCore, _core!.CloseReason);
        }
        else if ((events & ConnectionEvents.Finished) != 0)
        {
            Apply(now, EndCause.FinAcknowledged);
        }

        if ((events & ConnectionEvents.Released) != 0)
        {
            Apply(now, EndCause.CoreReleased);
        }
        else if (_core?.State == ConnectionState.Lingering)
        {
            Apply(now, EndCause.CoreLingers);
        }
    }

    /// <summary>Sets signals.</summary>
    /// <returns>False if the connection is queued already: the thread that has queued it sees to the rest.</returns>
    private bool Mark(ConnectionSignals signals) =>
        (Interlocked.Or(ref _signals, (int)(signals | ConnectionSignals.Queued)) & (int)ConnectionSignals.Queued) == 0;

    private void RunConnectSignals(Instant now, ConnectionSignals signals)
    {
        if ((signals & ConnectionSignals.Connect) != 0)
        {
            StartConnecting(now);
        }

        if ((signals & ConnectionSignals.CancelConnect) != 0)
        {
            CancelConnecting(now);
        }
    }

    private void RunPipeSignals(Instant now, ConnectionSignals signals)
    {
        if ((signals & ConnectionSignals.Consumed) != 0)
        {
            TakeConsumed(now);
        }

        if ((signals & ConnectionSignals.InputCompleted) != 0)
        {
            Apply(now, EndCause.InputCompleted);
        }

        if ((signals & ConnectionSignals.Output) != 0)
        {
            PumpOutput(now);
        }
    }

    private void RunCloseSignals(Instant now, ConnectionSignals signals)
    {
        if ((signals & ConnectionSignals.Dispose) != 0)
        {
            Apply(now, EndCause.Disposed);
        }
        else if (_end.HasBothPipesCompleted)
        {
            Apply(now, EndCause.BothPipesCompleted);
        }
        else if ((signals & ConnectionSignals.Close) != 0)
        {
            Apply(now, EndCause.CloseRequested);
        }
        else if ((signals & ConnectionSignals.EngineStops) != 0)
        {
            Apply(now, EndCause.EngineStops);
            ResetIfDelivered(now);
        }
    }
}

using System.Numerics;
using Utp.Protocol.Connections.Timers;
using Utp.Protocol.Sending;
using Utp.Protocol.Time;
using Utp.Transport;

namespace Utp.Protocol.Connections;

// Everything that happens because time passes. A deadline only changes state; packets leave when the driver polls. Both questions, what is due
// next and what is due now, are answered by the same two members: RunningTimers and DeadlineOf.
internal sealed partial class ConnectionCore
{
    private const uint WhileConnecting = (1u << (int)ConnectionTimer.ConnectTimeout) | (1u << (int)ConnectionTimer.Syn);
    private const uint WhileHalfOpen = 1u << (int)ConnectionTimer.HalfOpen;
    private const uint WhileLingering = 1u << (int)ConnectionTimer.Linger;
    private const uint WhileRefused =
        (1u << (int)ConnectionTimer.Linger) | (1u << (int)ConnectionTimer.Idle) | (1u << (int)ConnectionTimer.Refusal);

    private const uint WhileConnected = (1u << (int)ConnectionTimer.Linger)
        | (1u << (int)ConnectionTimer.Idle)
        | (1u << (int)ConnectionTimer.Retransmission)
        | (1u << (int)ConnectionTimer.TailProbe)
        | (1u << (int)ConnectionTimer.Reorder)
        | (1u << (int)ConnectionTimer.WindowProbe)
        | (1u << (int)ConnectionTimer.Pacing)
        | (1u << (int)ConnectionTimer.Rate)
        | (1u << (int)ConnectionTimer.KeepAlive)
        | (1u << (int)ConnectionTimer.Ask)
        | (1u << (int)ConnectionTimer.Doubt)
        | (1u << (int)ConnectionTimer.WindowUpdate)
        | (1u << (int)ConnectionTimer.Acknowledgement)
        | (1u << (int)ConnectionTimer.Confirmation);

    /// <summary>Timeouts of a FIN alone after which silence counts as agreement.</summary>
    private const int FinTries = 3;

    /// <summary>The timers that run in the present state, a bit for each <see cref="ConnectionTimer"/>.</summary>
    private uint RunningTimers => State switch
    {
        ConnectionState.SynSent => WhileConnecting,
        ConnectionState.SynReceived => WhileHalfOpen,
        ConnectionState.Connected => IsRefused ? WhileRefused : WhileConnected,
        ConnectionState.Lingering => WhileLingering,
        _ => 0,
    };

    private bool IsOnlyWindowProbeOutstanding => _segments.Count == 1 && _segments[_segments.First].Kind == SegmentKind.WindowProbe;

    private bool IsOnlyFinOutstanding => _segments.Count == 1 && _segments[_segments.First].Kind == SegmentKind.Fin;

    /// <summary>Gets the earliest deadline of the running timers.</summary>
    internal Instant NextDeadline()
    {
        var next = Instant.Never;
        for (var running = RunningTimers; running != 0; running &= running - 1)
        {
            next = Instant.Min(next, DeadlineOf((ConnectionTimer)BitOperations.TrailingZeroCount(running)));
        }

        return next;
    }

    /// <summary>Fires the running timers that are due, in order. Each one may change which of the others still run.</summary>
    internal void HandleDeadline(Instant now)
    {
        for (var timer = ConnectionTimer.ConnectTimeout; timer <= ConnectionTimer.Confirmation; timer++)
        {
            if ((RunningTimers & (1u << (int)timer)) != 0 && now >= DeadlineOf(timer))
            {
                Fire(timer, now);
            }
        }

        if (State != ConnectionState.Released)
        {
            _socket.Touch(this);
        }
    }

    private Instant DeadlineOf(ConnectionTimer timer) => timer switch
    {
        ConnectionTimer.ConnectTimeout => CreatedAt + _settings.ConnectTimeoutMicros,
        ConnectionTimer.HalfOpen => CreatedAt + _socket.Settings.HalfOpenTimeoutMicros,
        ConnectionTimer.Idle => _liveness.IdleAt(_settings.IdleTimeoutMicros),
        ConnectionTimer.Refusal => _mishaps?.Refusal.Until ?? Instant.Never,
        ConnectionTimer.Retransmission => _retransmission.RetransmissionAt(_segments, _roundTrip),
        ConnectionTimer.TailProbe => _retransmission.TailProbeAt(_segments, _roundTrip),
        ConnectionTimer.Rate => _rates?.DueAt ?? Instant.Never,
        ConnectionTimer.KeepAlive => _liveness.KeepAliveAt(_settings.EffectiveKeepAliveMicros, _segments.Count > 0),
        ConnectionTimer.Ask => _liveness.AskAt(_settings.IdleTimeoutMicros, _segments.Count > 0),
        ConnectionTimer.Doubt => _mishaps?.Doubt?.Deadline ?? Instant.Never,
        ConnectionTimer.Acknowledgement => _acks.Deadline,
        _ => _deadlines[timer],
    };

    private void Fire(ConnectionTimer timer, Instant now)
    {
        switch (timer)
        {
            case ConnectionTimer.ConnectTimeout:
                AbandonAttempts(keep: -1);
                Fail(UtpCloseReason.ConnectTimeout, resetAt: null);
                break;
            case ConnectionTimer.Syn:
                AddAttempt(now);
                break;
            case ConnectionTimer.HalfOpen:
                _socket.ExpireHalfOpen(this);
                break;
            case ConnectionTimer.Linger:
                HandleLingerTimeout(now);
                break;
            case ConnectionTimer.Idle:
                Fail(_retransmission.TimeoutCount > 0 ? UtpCloseReason.RetransmissionTimeout : UtpCloseReason.IdleTimeout, resetAt: now);
                break;
            case ConnectionTimer.Refusal:
                HandleRefusalEnd(now);
                break;
            default:
                FireWhileConnected(timer, now);
                break;
        }
    }

    private void FireWhileConnected(ConnectionTimer timer, Instant now)
    {
        switch (timer)
        {
            case ConnectionTimer.Retransmission:
                HandleRetransmissionTimeout(now);
                break;
            case ConnectionTimer.TailProbe:
                _retransmission.OnTailProbeDeadline();
                break;
            case ConnectionTimer.Reorder:
                DetectLosses(now, _segments.FlightBytes);
                break;
            case ConnectionTimer.WindowProbe:
                _deadlines.Clear(timer);
                _windowProbe.OnDeadline(isNeeded: _segments.Count == 0 && _sendBuffer.UnsentBytes > 0);
                break;
            case ConnectionTimer.Pacing:
                // The next poll asks the pacer again; there may be nothing to send any more.
                _deadlines.Clear(timer);
                break;
            case ConnectionTimer.Rate:
                _rates!.ClearDue();
                break;
            default:
                FireWhileWaiting(timer, now);
                break;
        }
    }

    /// <summary>Fires the timers that only make a packet without payload leave.</summary>
    private void FireWhileWaiting(ConnectionTimer timer, Instant now)
    {
        switch (timer)
        {
            case ConnectionTimer.KeepAlive:
                HandleKeepAliveDeadline();
                break;
            case ConnectionTimer.Ask:
                _liveness.OnAskDeadline();
                break;
            case ConnectionTimer.Doubt:
                HandleDoubtDeadline(now);
                break;
            case ConnectionTimer.WindowUpdate:
                _acks.RequireImmediate();
                _deadlines.Set(timer, _windowProbe.OnUpdateRepeated(now));
                break;
            case ConnectionTimer.Acknowledgement:
                _acks.HandleDeadline(now);
                break;
            case ConnectionTimer.Confirmation:
                _acks.RequireImmediate();
                _deadlines.Set(timer, _handshake.OnConfirmationRepeated(now));
                break;
        }
    }

    private void HandleRetransmissionTimeout(Instant now)
    {
        EnsureMishaps().Timeouts++;
        _retransmission.OnTimeout(now);
        var isStalled = IsStalled(now);
        if (IsOnlyWindowProbeOutstanding && !isStalled)
        {
            _segments.MarkLost(_segments.First);
            return;
        }

        if (IsOnlyFinOutstanding && _retransmission.TimeoutCount >= FinTries && _ends.IsReceivingOver)
        {
            // Interop: libtorrent may be gone after its own FIN, and Transmission never answers this side's. Everything but the FIN was acknowledged.
            EnterLingering(now);
            return;
        }

        if (isStalled)
        {
            Fail(UtpCloseReason.RetransmissionTimeout, resetAt: now);
            return;
        }

        StartOverAfterTimeout(now);
    }

    /// <summary>Marks everything in flight lost, and reports the timeout to the controller and to the search for the path MTU.</summary>
    private void StartOverAfterTimeout(Instant now)
    {
        var flight = _segments.FlightBytes;
        var lostBefore = EnsureMishaps().SegmentsLost;
        var largestBytes = MarkFlightLost(now);
        _tracer?.TimedOut(now, (int)(EnsureMishaps().SegmentsLost - lostBefore), flight);
        _controller.OnRetransmissionTimeout(now, flight);
        _losses.OnTimeout(_segments.Next);
        if (largestBytes > _pathMtu.BaseBytes)
        {
            _pathMtu.OnTimeout();
        }
        else if (_retransmission.TimeoutCount > 1 && largestBytes > PathMtuSearch.MinBytes)
        {
            _pathMtu.OnRepeatedTimeout();
        }

        _controller.OnSegmentSize(WindowUnitBytes);
    }
}

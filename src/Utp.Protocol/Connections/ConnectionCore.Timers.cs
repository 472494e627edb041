using Utp.Protocol.Sending;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;
using Utp.Transport;

namespace Utp.Protocol.Connections;

// Everything that happens because time passes. A deadline only changes state; packets leave when the driver polls.
internal sealed partial class ConnectionCore
{
    /// <summary>Beyond the expected round trip, a tail probe leaves the peer time for a delayed acknowledgement (librqbit waits 40 ms).</summary>
    private const long TailProbeSlackMicros = 50_000;
    private const long MinTailProbeMicros = 10_000;

    /// <summary>libtorrent never announces that its window reopened, so the sender has to ask.</summary>
    private const long FirstWindowProbeMicros = 1_000_000;
    private const long MaxWindowProbeMicros = 15_000_000;

    /// <summary>libtorrent does not probe either: that our window has reopened is said again until data moves; later, keepalives say it.</summary>
    private const int WindowUpdateRepeats = 4;
    private const long FirstWindowUpdateMicros = 1_000_000;

    private Instant _retransmissionTimerStart;

    /// <summary>Timeouts since the last progress: the exponent of the back-off.</summary>
    private int _timeoutCount;
    private bool _tailProbeSent;
    private Instant _windowProbeDeadline = Instant.Never;
    private int _windowProbeCount;
    private Instant _windowUpdateDeadline = Instant.Never;
    private int _windowUpdatesLeft;

    private Instant RetransmissionDeadline =>
        _segments.HasFlight ? _retransmissionTimerStart + RetransmissionTimeoutMicros : Instant.Never;

    private Instant TailProbeDeadline
    {
        get
        {
            // Unlike RFC 8985 (7.2) also while a gap is being filled: when its retransmission is lost, and the rest of the flight is beyond what
            // the peer's mask describes, nothing else would elicit an acknowledgement before the timeout.
            if (!_segments.HasFlight || _tailProbeSent || _timeoutCount > 0 || !_roundTrip.HasSample)
            {
                return Instant.Never;
            }

            var slack = _segments.Count == 1 ? TailProbeSlackMicros : MinTailProbeMicros;
            var from = _lastDataSentAt > _retransmissionTimerStart ? _lastDataSentAt : _retransmissionTimerStart;
            return from + (2 * _roundTrip.SmoothedMicros) + slack;
        }
    }

    internal Instant NextDeadline()
    {
        switch (State)
        {
            case ConnectionState.SynSent:
                return Instant.Min(_synDeadline, CreatedAt + _settings.ConnectTimeoutMicros);
            case ConnectionState.SynReceived:
                return CreatedAt + _endpoint.Settings.HalfOpenTimeoutMicros;
            case ConnectionState.Lingering:
                return _lingerDeadline;
            case ConnectionState.Connected when IsRefused:
                return Instant.Min(Mishap.RefusedUntil, Instant.Min(IdleDeadline, _lingerDeadline));
            case ConnectionState.Connected:
                var sending = Instant.Min(Instant.Min(RetransmissionDeadline, TailProbeDeadline), Instant.Min(_reorderDeadline, _pacingDeadline));
                var acking = Instant.Min(Instant.Min(_acks.Deadline, KeepAliveDeadline), Instant.Min(_windowProbeDeadline, _confirmationDeadline));
                var ending = Instant.Min(IdleDeadline, _lingerDeadline);
                var asking = Instant.Min(AskDeadline, DoubtDeadline);
                return Instant.Min(Instant.Min(Instant.Min(sending, acking), asking), Instant.Min(ending, _windowUpdateDeadline));
            default:
                return Instant.Never;
        }
    }

    internal void HandleDeadline(Instant now)
    {
        switch (State)
        {
            case ConnectionState.SynSent:
                HandleSynDeadline(now);
                break;
            case ConnectionState.SynReceived when now >= CreatedAt + _endpoint.Settings.HalfOpenTimeoutMicros:
                _endpoint.ExpireHalfOpen(this);
                break;
            case ConnectionState.Lingering when now >= _lingerDeadline:
                Release();
                break;
            case ConnectionState.Connected:
                HandleConnectedDeadline(now);
                break;
        }

        if (State != ConnectionState.Released)
        {
            _endpoint.Touch(this);
        }
    }

    private void HandleConnectedDeadline(Instant now)
    {
        if (now >= _lingerDeadline)
        {
            HandleCloseDeadline(now);
            return;
        }

        if (now >= IdleDeadline)
        {
            Fail(_timeoutCount > 0 ? UtpCloseReason.RetransmissionTimeout : UtpCloseReason.IdleTimeout, resetAt: now);
            return;
        }

        if (IsRefused)
        {
            if (now < Mishap.RefusedUntil)
            {
                return;
            }

            HandleRefusalDeadline(now);
            if (State != ConnectionState.Connected)
            {
                return;
            }
        }

        if (now >= RetransmissionDeadline)
        {
            HandleRetransmissionTimeout(now);
        }
        else if (now >= TailProbeDeadline)
        {
            _tailProbeDue = true;
            _tailProbeSent = true;
        }

        if (now >= _reorderDeadline)
        {
            DetectLosses(now, _segments.FlightBytes);
        }

        if (now >= _windowProbeDeadline)
        {
            _windowProbeDeadline = Instant.Never;
            _windowProbeDue = _segments.Count == 0 && _sendBuffer.UnsentBytes > 0;
        }

        if (now >= _pacingDeadline)
        {
            // Whoever polls finds out anew; what was waiting may have nothing to send any more.
            _pacingDeadline = Instant.Never;
        }

        HandleSilence(now);
        HandleDoubtDeadline(now);
        if (now >= _windowUpdateDeadline)
        {
            _acks.RequireImmediate();
            RepeatWindowUpdate(now, _windowUpdatesLeft - 1);
        }

        _acks.HandleDeadline(now);
        HandleConfirmationDeadline(now);
    }

    private void HandleRetransmissionTimeout(Instant now)
    {
        Mishap.Timeouts++;
        _timeoutCount++;
        _retransmissionTimerStart = now;
        _tailProbeDue = false;
        var isGivenUp = IsRetransmissionGivenUp(now);
        if (IsOnlyWindowProbeOutstanding && !isGivenUp)
        {
            _segments.MarkLost(_segments.First);
            return;
        }

        if (IsOnlyFinOutstanding && _timeoutCount >= FinTries && (_discardReceived || _peerFinReached))
        {
            // Interop: libtorrent may be gone after its own FIN, and Transmission never answers ours. Everything but the FIN was acknowledged.
            EnterLingering(now);
            return;
        }

        if (isGivenUp)
        {
            Fail(UtpCloseReason.RetransmissionTimeout, resetAt: now);
            return;
        }

        var flight = _segments.FlightBytes;
        var lostBefore = Mishap.SegmentsLost;
        var largestBytes = LoseFlight(now);
        _tracer?.TimedOut(now, (int)(Mishap.SegmentsLost - lostBefore), flight);
        _controller.OnRetransmissionTimeout(now, flight);
        EnterRecovery();
        _lostByTimeout = true;
        if (largestBytes > _pathMtu.BaseBytes)
        {
            _pathMtu.OnTimeout();
        }
        else if (_timeoutCount > 1 && largestBytes > PathMtuSearch.MinBytes)
        {
            _pathMtu.OnRepeatedTimeout();
        }

        _controller.OnSegmentSize(WindowUnitBytes);
    }

    /// <summary>Takes everything in flight for lost; returns the size of the largest datagram among it that was not a probe.</summary>
    private int LoseFlight(Instant now)
    {
        var largestBytes = 0;
        while (_segments.HasFlight)
        {
            var number = _segments.NumberOf(_segments.OldestInFlight);
            ref var segment = ref _segments[number];
            var bytes = segment.Length + PacketHeader.Size;
            if (segment.Kind == SegmentKind.MtuProbe)
            {
                segment.Kind = SegmentKind.Data;
                _pathMtu.OnProbeLost(now);
            }
            else
            {
                NoteTrainLost(segment);
                Mishap.SegmentsLost++;
                largestBytes = Math.Max(largestBytes, bytes);
            }

            _segments.MarkLost(number);
        }

        return largestBytes;
    }

    private bool IsOnlyWindowProbeOutstanding => _segments.Count == 1 && _segments[_segments.First].Kind == SegmentKind.WindowProbe;

    private bool IsOnlyFinOutstanding => _segments.Count == 1 && _segments[_segments.First].Kind == SegmentKind.Fin;

    private void RepeatWindowUpdate(Instant now, int times)
    {
        _windowUpdatesLeft = times;
        _windowUpdateDeadline = times > 0 ? now + (FirstWindowUpdateMicros << (WindowUpdateRepeats - times)) : Instant.Never;
    }

    private void ScheduleWindowProbe(Instant now)
    {
        var wait = Math.Min(MaxWindowProbeMicros, FirstWindowProbeMicros << Math.Min(_windowProbeCount++, 10));
        _windowProbeDeadline = now + wait;
    }
}

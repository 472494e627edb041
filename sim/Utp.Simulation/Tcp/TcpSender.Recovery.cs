using Utp.Simulation.Network;

namespace Utp.Simulation.Tcp;

/// <content>Handles acknowledgements, detects losses and adjusts the window.</content>
internal sealed partial class TcpSender
{
    private const long InitialTimeoutNanos = Nanos.PerSecond;
    private const long MinTimeoutVarianceNanos = 200 * Nanos.PerMillisecond;
    private const long MaxTimeoutNanos = 120 * Nanos.PerSecond;
    private const int MaxBackoff = 8;

    /// <summary>Number of segments selectively acknowledged that prove a loss without waiting for reordered ones (RFC 8985, section 6.2).</summary>
    private const int DuplicateThreshold = 3;

    private Phase _phase = Phase.Open;
    private long _recoveryEnd;
    private long _reductionSent;
    private long _reductionDelivered;
    private int _windowBeforeLoss;
    private long _smoothedRoundTrip;
    private long _roundTripVariance;
    private long _minRoundTrip = long.MaxValue;
    private int _backoff;
    private long _timeoutAt = long.MaxValue;
    private long _reorderAt = long.MaxValue;
    private long _probeAt = long.MaxValue;
    private bool _isProbeOut;
    private bool _sawReordering;
    private long _newestDeliveredSentAt = -1;
    private long _newestDeliveredSequence;
    private long _newestDeliveredRoundTrip;
    private long _ackRoundTrip;
    private bool _lostMore;

    private enum Phase
    {
        Open,
        Recovery,
        Loss,
    }

    private void HandleAcknowledgement(TcpFields fields)
    {
        _ackRoundTrip = 0;
        _lostMore = false;
        var delivered = 0;
        var hasAdvanced = fields.Acknowledgement > _board.Unacknowledged;
        while (_board.Unacknowledged < fields.Acknowledgement)
        {
            if (!_board[_board.Unacknowledged].IsSacked)
            {
                delivered++;
                NoteDelivered(_board.Unacknowledged);
            }

            _board.Advance();
        }

        for (var i = 0; i < fields.SackBlockCount; i++)
        {
            var (start, end) = fields.SackBlocks[i];
            for (var sequence = Math.Max(start, _board.Unacknowledged); sequence < end; sequence++)
            {
                if (!_board[sequence].IsSacked)
                {
                    delivered++;
                    NoteDelivered(sequence);
                    _board.MarkSacked(sequence);
                }
            }
        }

        if (hasAdvanced)
        {
            MeasureRoundTrip();
            RestartTimeout();
            ScheduleProbe();
        }

        DetectLoss();
        AdjustWindow(delivered);
    }

    private void NoteDelivered(long sequence)
    {
        ref var segment = ref _board[sequence];
        var roundTrip = _run.Now - segment.SentAt;
        if (!segment.WasRetransmitted)
        {
            _ackRoundTrip = _ackRoundTrip == 0 ? roundTrip : Math.Min(_ackRoundTrip, roundTrip);
            _sawReordering |= sequence < _board.HighestSacked;
        }
        else if (roundTrip < _minRoundTrip)
        {
            // This is too soon to acknowledge the retransmission: the original arrived after all.
            return;
        }

        var isNewer = segment.SentAt > _newestDeliveredSentAt
            || (segment.SentAt == _newestDeliveredSentAt && sequence > _newestDeliveredSequence);
        if (isNewer)
        {
            _newestDeliveredSentAt = segment.SentAt;
            _newestDeliveredSequence = sequence;
            _newestDeliveredRoundTrip = roundTrip;
        }
    }

    /// <summary>Measures the round trip as in RFC 6298, with the kernel's floor under the variance term.</summary>
    private void MeasureRoundTrip()
    {
        if (_ackRoundTrip == 0)
        {
            return;
        }

        _minRoundTrip = Math.Min(_minRoundTrip, _ackRoundTrip);
        if (_smoothedRoundTrip == 0)
        {
            _smoothedRoundTrip = _ackRoundTrip;
            _roundTripVariance = _ackRoundTrip / 2;
        }
        else
        {
            _roundTripVariance += (Math.Abs(_smoothedRoundTrip - _ackRoundTrip) - _roundTripVariance) / 4;
            _smoothedRoundTrip += (_ackRoundTrip - _smoothedRoundTrip) / 8;
        }

        _backoff = 0;
    }

    private void DetectLoss()
    {
        if (_board.Sacked == 0 && _phase == Phase.Open)
        {
            _reorderAt = long.MaxValue;
            return;
        }

        var isPatient = _sawReordering || (_phase == Phase.Open && _board.Sacked < DuplicateThreshold);
        var window = isPatient ? Math.Min(_minRoundTrip / 4, _smoothedRoundTrip) : 0;
        var latest = 0L;
        for (var sequence = _board.Unacknowledged; sequence < _board.Next; sequence++)
        {
            ref var segment = ref _board[sequence];
            if (segment.IsSacked || (segment.IsLost && !segment.IsRetransmitting) || !WasSentBeforeNewest(segment.SentAt, sequence))
            {
                continue;
            }

            var due = segment.SentAt + _newestDeliveredRoundTrip + window;
            if (due <= _run.Now)
            {
                _board.MarkLost(sequence);
                _lostMore = true;
            }
            else
            {
                latest = Math.Max(latest, due);
            }
        }

        _reorderAt = latest > 0 ? latest : long.MaxValue;
    }

    private bool WasSentBeforeNewest(long sentAt, long sequence) =>
        sentAt < _newestDeliveredSentAt || (sentAt == _newestDeliveredSentAt && sequence < _newestDeliveredSequence);

    private void AdjustWindow(int delivered)
    {
        if (_phase != Phase.Open && _board.Unacknowledged >= _recoveryEnd)
        {
            if (_phase == Phase.Recovery)
            {
                Window.Segments = Window.Threshold;
            }

            _phase = Phase.Open;
        }

        EnterRecoveryIfLost();
        if (_phase == Phase.Recovery)
        {
            ReduceProportionally(delivered);
        }
        else if (delivered > 0)
        {
            _congestion.OnAcknowledged(Window, _run.Now, _ackRoundTrip, delivered, _board.Next, _board.Unacknowledged);
        }
    }

    private void EnterRecoveryIfLost()
    {
        if (_phase != Phase.Open || _board.Lost == 0)
        {
            return;
        }

        LossEvents++;
        _phase = Phase.Recovery;
        _recoveryEnd = _board.Next;
        _windowBeforeLoss = Window.Segments;
        Window.Threshold = _congestion.ThresholdAfterLoss(Window);
        Window.ForgetIncrements();
        _reductionSent = 0;
        _reductionDelivered = 0;
        _probeAt = long.MaxValue;
    }

    /// <summary>
    /// Reduces the window proportionally: it falls to its threshold over one round trip, and the flow never pauses for half of one.
    /// </summary>
    private void ReduceProportionally(int delivered)
    {
        if (_phase != Phase.Recovery)
        {
            return;
        }

        _reductionDelivered += delivered;
        var inFlight = _board.InFlight;
        long send;
        if (inFlight > Window.Threshold)
        {
            send = (((_reductionDelivered * Window.Threshold) + _windowBeforeLoss - 1) / _windowBeforeLoss) - _reductionSent;
        }
        else
        {
            var limit = Math.Max(_reductionDelivered - _reductionSent, delivered);
            send = Math.Min(Window.Threshold - inFlight, _lostMore ? limit : limit + 1);
        }

        // The first retransmission is always sent.
        send = Math.Max(send, _reductionSent == 0 ? 1 : 0);
        Window.Segments = inFlight + (int)send;
    }

    private void HandleTimeout()
    {
        if (_board.Outstanding == 0)
        {
            _timeoutAt = long.MaxValue;
            return;
        }

        Timeouts++;
        if (_phase != Phase.Loss)
        {
            Window.Threshold = _congestion.ThresholdAfterLoss(Window);
            _congestion.OnTimeout();
        }

        for (var sequence = _board.Unacknowledged; sequence < _board.Next; sequence++)
        {
            if (!_board[sequence].IsSacked)
            {
                _board.MarkLost(sequence);
            }
        }

        _phase = Phase.Loss;
        _recoveryEnd = _board.Next;
        Window.Segments = 1;
        Window.ForgetIncrements();
        _backoff = Math.Min(_backoff + 1, MaxBackoff);
        _reorderAt = _probeAt = long.MaxValue;
        RestartTimeout();
    }

    private void RestartTimeout()
    {
        if (_board.Outstanding == 0)
        {
            _timeoutAt = long.MaxValue;
            return;
        }

        var timeout = _smoothedRoundTrip == 0
            ? InitialTimeoutNanos
            : _smoothedRoundTrip + Math.Max(4 * _roundTripVariance, MinTimeoutVarianceNanos);
        _timeoutAt = _run.Now + Math.Min(timeout << _backoff, MaxTimeoutNanos);
    }

    /// <summary>
    /// Schedules a tail probe: when acknowledgements stop with segments in flight, a probe after two round trips finds a lost tail sooner than the
    /// timeout.
    /// </summary>
    private void ScheduleProbe()
    {
        if (_phase != Phase.Open || _smoothedRoundTrip == 0 || _board.Sacked > 0 || _board.Outstanding == 0)
        {
            _probeAt = long.MaxValue;
            return;
        }

        _isProbeOut = false;
        var wait = 2 * _smoothedRoundTrip;
        wait += _board.Outstanding == 1 ? MinTimeoutVarianceNanos : 0;
        _probeAt = Math.Min(_run.Now + wait, _timeoutAt);
    }

    private void ProbeTail()
    {
        _probeAt = long.MaxValue;
        if (!_isProbeOut && _board.Outstanding > 0)
        {
            _isProbeOut = true;
            Send(_board.SendNew(_run.Now));
            RestartTimeout();
        }
    }
}

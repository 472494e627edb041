using Utp.Protocol.Connections;
using Utp.Protocol.Connections.Statistics;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;
using Utp.Transport;

namespace Utp.Protocol.Tracing;

/// <summary>
/// Observes a connection after each event and records what changed: its begin and end, each phase of its controller, and its measurements.
/// Measurements are recorded at most once per <see cref="IntervalMicros"/>, except at a phase change, a loss or the end. So a trace grows with time,
/// not with the number of bytes.
/// </summary>
internal sealed class ConnectionTracer(ITraceSink sink, ConnectionCore connection)
{
    public const long IntervalMicros = 20_000;

    private string? _connectionId;
    private string _phase = string.Empty;
    private bool _isOpened;
    private bool _isClosed;
    private bool _isSampleDue;
    private Instant _last;
    private Instant _nextSample;
    private Instant _rateSince;
    private long _rateSent;
    private long _rateAcknowledged;
    private long _sendBytesPerSecond;
    private long _deliveryBytesPerSecond;

    /// <summary>The id, requested with the first record, so that connection requests that fail take no id.</summary>
    public string ConnectionId => _connectionId ??= sink.NextConnectionId();

    /// <summary>Records what has changed. Call it last in whatever changes the connection.</summary>
    public void Observe(Instant now)
    {
        if (_isClosed || connection.State == ConnectionState.SynReceived)
        {
            return;
        }

        // A datagram carries the time of its arrival, which may be earlier than the last send.
        now = now > _last ? now : _last;
        if (!_isOpened && connection.State == ConnectionState.Connected)
        {
            Open(now);
        }

        if (_isOpened)
        {
            ObservePhase(now);
            if (_isSampleDue || now >= _nextSample || connection.CloseReason != UtpCloseReason.None)
            {
                Sample(now);
            }
        }

        if (connection.CloseReason != UtpCloseReason.None)
        {
            _isClosed = true;
            Write(Record(TraceEvent.Closed, now) with { CloseReason = connection.CloseReason });
        }
    }

    /// <summary>Records that a segment was marked lost; <see cref="Observe"/> follows.</summary>
    public void SegmentLost(Instant now, SequenceNumber sequence, int bytes)
    {
        _isSampleDue = true;
        Write(Record(TraceEvent.SegmentLost, now) with { Sequence = sequence, LostCount = 1, LostBytes = bytes });
    }

    /// <summary>Records that a timeout marked the flight lost; <see cref="Observe"/> follows.</summary>
    public void TimedOut(Instant now, int lostCount, long lostBytes)
    {
        _isSampleDue = true;
        Write(Record(TraceEvent.TimedOut, now) with { LostCount = lostCount, LostBytes = lostBytes });
    }

    private void Open(Instant now)
    {
        _isOpened = true;
        _isSampleDue = true;
        _rateSince = now;
        Write(Record(TraceEvent.Opened, now));
    }

    private void ObservePhase(Instant now)
    {
        var phase = connection.CongestionState;
        if (phase != _phase)
        {
            Write(Record(TraceEvent.PhaseChanged, now) with { Phase = phase, PreviousPhase = _phase });
            _phase = phase;
            _isSampleDue = true;
        }
    }

    private void Sample(Instant now)
    {
        var record = connection.Describe(Record(TraceEvent.Metrics, now));
        MeasureRates(now, record.Statistics);
        Write(record with { Phase = _phase, SendBytesPerSecond = _sendBytesPerSecond, DeliveryBytesPerSecond = _deliveryBytesPerSecond });
        _isSampleDue = false;
        _nextSample = now + IntervalMicros;
    }

    /// <summary>
    /// Measures rates over full intervals: a sample that a loss or a phase change brings forward is too close to the previous one to give a rate.
    /// </summary>
    private void MeasureRates(Instant now, in ConnectionStatistics statistics)
    {
        var elapsed = now - _rateSince;
        if (elapsed < IntervalMicros)
        {
            return;
        }

        _sendBytesPerSecond = (statistics.BytesSent - _rateSent) * 1_000_000 / elapsed;
        _deliveryBytesPerSecond = (statistics.BytesAcknowledged - _rateAcknowledged) * 1_000_000 / elapsed;
        (_rateSince, _rateSent, _rateAcknowledged) = (now, statistics.BytesSent, statistics.BytesAcknowledged);
    }

    private TraceRecord Record(TraceEvent what, Instant now) => new()
    {
        Event = what,
        Time = now,
        ConnectionId = ConnectionId,
        Remote = connection.Remote,
        IsInitiator = connection.IsInitiator,
        Algorithm = connection.Algorithm,
        Phase = _phase,
        PreviousPhase = _phase,
    };

    private void Write(in TraceRecord record)
    {
        _last = record.Time;
        sink.Write(record);
    }
}

using Utp.Protocol.Connections.Statistics;
using Utp.Protocol.Time;
using Utp.Protocol.Tracing;
using Utp.Transport;

namespace Utp.Protocol.Connections;

// What others see of the connection: statistics and traces. Nothing here changes it. Without a trace, a trace point costs one comparison with null.
internal sealed partial class ConnectionCore
{
    private readonly ConnectionTracer? _tracer;

    /// <summary>The connection's name in the trace; null when there is no trace.</summary>
    public string? TraceId => _tracer?.ConnectionId;

    /// <summary>Gets a snapshot of measurements and counters.</summary>
    public ConnectionStatistics Statistics => new()
    {
        SmoothedRoundTripMicros = _roundTrip.SmoothedMicros,
        MinRoundTripMicros = _roundTrip.MinMicros,
        RetransmissionTimeoutMicros = _retransmission.TimeoutMicros(_roundTrip),
        CongestionWindowBytes = _controller.CongestionWindowBytes,
        FlightBytes = _segments.FlightBytes,
        PeerWindowBytes = _peerWindowBytes,
        QueueingDelayMicros = _controller.QueueingDelayMicros,
        BaseDelayMicros = _controller.BaseDelayMicros,
        PathMtuBytes = _pathMtu.CurrentBytes,
        BytesSent = _counters.BytesSent,
        BytesAcknowledged = _counters.BytesSent - _segments.FlightBytes - _segments.LostBytes,
        BytesReceived = _counters.BytesReceived,
        SegmentsSent = _counters.SegmentsSent,
        SegmentsRetransmitted = _mishaps?.SegmentsRetransmitted ?? 0,
        SpuriousRetransmissions = _mishaps?.SpuriousRetransmissions ?? 0,
        SegmentsReceived = _counters.SegmentsReceived,
        DuplicateSegmentsReceived = _mishaps?.DuplicateSegmentsReceived ?? 0,
        SegmentsLost = _mishaps?.SegmentsLost ?? 0,
        Timeouts = _mishaps?.Timeouts ?? 0,
        CongestionEvents = _mishaps?.CongestionEvents ?? 0,
        AcksSent = _counters.AcksSent,
    };

    internal UtpCongestionControl Algorithm => _controller.Algorithm;

    /// <summary>The controller's phase, or "recovery" while what was in flight at the last cut is unresolved.</summary>
    internal string CongestionState => _losses.IsInRecovery ? "recovery" : _controller.Phase;

    /// <summary>Writes to the trace what has changed. To be called after everything that may have changed the connection.</summary>
    internal void Trace(Instant now) => _tracer?.Observe(now);

    /// <summary>Adds to a record what only the connection knows.</summary>
    internal TraceRecord Describe(in TraceRecord record) => record with
    {
        Statistics = Statistics,
        LatestRoundTripMicros = _roundTrip.LatestMicros,
        BaseRoundTripMicros = _controller.BaseDelayMicros,
        TargetDelayMicros = _controller.TargetDelayMicros,
        PacingBytesPerSecond = _controller.PacingBytesPerSecond,
    };
}

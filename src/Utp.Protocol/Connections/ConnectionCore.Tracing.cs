using Utp.Protocol.Time;
using Utp.Protocol.Tracing;
using Utp.Transport;

namespace Utp.Protocol.Connections;

// What a trace is told. Nothing here changes the connection; without a trace it is one comparison with null.
internal sealed partial class ConnectionCore
{
    private readonly ConnectionTracer? _tracer;

    /// <summary>The connection's name in the trace; null when there is no trace.</summary>
    public string? TraceId => _tracer?.ConnectionId;

    internal UtpCongestionControl Algorithm => _controller.Algorithm;

    /// <summary>The controller's phase, or "recovery" while what was in flight at the last cut is unresolved.</summary>
    internal string CongestionState => _inRecovery ? "recovery" : _controller.Phase;

    /// <summary>To be called after everything that may have changed the connection.</summary>
    internal void Trace(Instant now) => _tracer?.Observe(now);

    /// <summary>Adds what only the connection knows.</summary>
    internal TraceRecord Describe(in TraceRecord record) => record with
    {
        Statistics = Statistics,
        LatestRoundTripMicros = _roundTrip.LatestMicros,
        BaseRoundTripMicros = _controller.BaseDelayMicros,
        TargetDelayMicros = _controller.TargetDelayMicros,
        PacingBytesPerSecond = _controller.PacingBytesPerSecond,
    };
}

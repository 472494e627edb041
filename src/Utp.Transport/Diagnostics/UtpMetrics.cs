using System.Diagnostics;
using System.Diagnostics.Metrics;
using Utp.Protocol.Sockets;
using Utp.Transport.Diagnostics.Tracing;

namespace Utp.Transport.Diagnostics;

/// <summary>
/// The one <see cref="Meter"/> of the transport. Events in the life of a connection are recorded as they happen. Counts of packets and bytes are
/// read from the engine's totals when a listener collects. The engine samples measurements (round trip, queueing delay, congestion window) about
/// once per second and connection, and only when <see cref="SamplesConnections"/>.
/// </summary>
internal sealed class UtpMetrics : IDisposable
{
    public const string MeterName = "Utp.Transport";

    private const string DirectionTag = "network.io.direction";
    private const string RoleTag = "utp.role";
    private const string ErrorTag = "error.type";
    private static readonly KeyValuePair<string, object?> Receive = new(DirectionTag, "receive");
    private static readonly KeyValuePair<string, object?> Transmit = new(DirectionTag, "transmit");

    private static readonly InstrumentAdvice<double> DurationBuckets = new()
    {
        HistogramBucketBoundaries = [0.01, 0.1, 1, 5, 10, 30, 60, 300, 1_800, 3_600],
    };

    private static readonly InstrumentAdvice<double> RoundTripBuckets = new()
    {
        HistogramBucketBoundaries = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    };

    private static readonly InstrumentAdvice<long> WindowBuckets = new()
    {
        HistogramBucketBoundaries = [4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216],
    };

    private readonly Meter _meter;
    private readonly Counter<long> _establishedConnections;
    private readonly Histogram<double> _connectionDuration;
    private readonly Histogram<double> _handshakeDuration;
    private readonly Histogram<double> _roundTrip;
    private readonly Histogram<double> _queueingDelay;
    private readonly Histogram<long> _congestionWindow;
    private Func<UtpTransportCounters>? _readCounters;
    private long _activeClients;
    private long _activeServers;

    public UtpMetrics(IMeterFactory meterFactory)
    {
        ArgumentNullException.ThrowIfNull(meterFactory);
        _meter = meterFactory.Create(new MeterOptions(MeterName) { Version = LibraryVersion.Text });
        _establishedConnections = _meter.CreateCounter<long>("utp.connection.established", "{connection}", "Connections that were established.");
        _connectionDuration = _meter.CreateHistogram("utp.connection.duration", "s", "How long connections lasted.", advice: DurationBuckets);
        _handshakeDuration = _meter.CreateHistogram(
            "utp.handshake.duration", "s", "How long connection attempts took, failed ones included.", advice: RoundTripBuckets);
        _roundTrip = _meter.CreateHistogram("utp.round_trip_time", "s", "Smoothed round trip, sampled.", advice: RoundTripBuckets);
        _queueingDelay = _meter.CreateHistogram("utp.queueing_delay", "s", "Queueing delay towards the peer, sampled.", advice: RoundTripBuckets);
        _congestionWindow = _meter.CreateHistogram("utp.congestion_window", "By", "Congestion window, sampled.", advice: WindowBuckets);
        CreateObservedInstruments();
    }

    /// <summary>Whether any listener collects what <see cref="SampleConnection"/> records; check it before taking a snapshot.</summary>
    public bool SamplesConnections => _roundTrip.Enabled || _queueingDelay.Enabled || _congestionWindow.Enabled;

    /// <summary>Sets the source of the totals. The engine calls this once, and must make the reading thread-safe.</summary>
    public void ObserveCounters(Func<UtpTransportCounters> read) => Volatile.Write(ref _readCounters, read);

    /// <summary>Records that a connection is established. Pair each call with one of <see cref="ConnectionEnded"/>.</summary>
    public void ConnectionEstablished(UtpConnectionRole role)
    {
        // Counted even without a listener, so that a collector that starts later sees the true number.
        Interlocked.Increment(ref Active(role));
        if (_establishedConnections.Enabled)
        {
            _establishedConnections.Add(1, Tag(role));
        }
    }

    /// <summary>Records that an established connection has ended.</summary>
    public void ConnectionEnded(UtpConnectionRole role, UtpCloseReason reason, TimeSpan duration)
    {
        Interlocked.Decrement(ref Active(role));
        if (_connectionDuration.Enabled)
        {
            var tags = new TagList { Tag(role) };
            AddError(ref tags, reason);
            _connectionDuration.Record(duration.TotalSeconds, tags);
        }
    }

    /// <summary>Records that an outbound connection attempt has succeeded (<see cref="UtpCloseReason.None"/>) or failed.</summary>
    public void HandshakeEnded(UtpCloseReason reason, TimeSpan duration)
    {
        if (_handshakeDuration.Enabled)
        {
            var tags = default(TagList);
            AddError(ref tags, reason);
            _handshakeDuration.Record(duration.TotalSeconds, tags);
        }
    }

    /// <summary>Records a connection's measurements.</summary>
    public void SampleConnection(in UtpConnectionStatistics statistics)
    {
        if (statistics.RoundTripTime > TimeSpan.Zero)
        {
            _roundTrip.Record(statistics.RoundTripTime.TotalSeconds);
            _queueingDelay.Record(statistics.QueueingDelay.TotalSeconds);
        }

        _congestionWindow.Record(statistics.CongestionWindowBytes);
    }

    public void Dispose() => _meter.Dispose();

    private static KeyValuePair<string, object?> Tag(UtpConnectionRole role) =>
        new(RoleTag, role == UtpConnectionRole.Server ? "server" : "client");

    private static void AddError(ref TagList tags, UtpCloseReason reason)
    {
        if (reason is not (UtpCloseReason.None or UtpCloseReason.Graceful))
        {
            tags.Add(ErrorTag, CloseReasonNames.Of(reason));
        }
    }

    private static Measurement<long> Dropped(long count, string reason) => new(count, new KeyValuePair<string, object?>("utp.reason", reason));

    private ref long Active(UtpConnectionRole role) => ref role == UtpConnectionRole.Server ? ref _activeServers : ref _activeClients;

    private void CreateObservedInstruments()
    {
        _meter.CreateObservableUpDownCounter("utp.connection.count", ActiveConnections, "{connection}", "Connections that are open.");
        _meter.CreateObservableCounter("utp.packet.count",
            () => Read(c => [new(c.PacketsReceived, Receive), new(c.PacketsSent, Transmit)]), "{packet}", "Datagrams received and sent.");
        _meter.CreateObservableCounter("utp.io",
            () => Read(c => [new(c.BytesReceived, Receive), new(c.BytesSent, Transmit)]), "By", "Payload received in order, and sent without retransmissions.");
        _meter.CreateObservableCounter("utp.packet.dropped",
            () => Read(c => [Dropped(c.PacketsNotUtp, "not_utp"), Dropped(c.PacketsRejected, "implausible"), Dropped(c.PacketsDroppedForMemory, "no_memory")]),
            "{packet}", "Datagrams received and discarded.");
        _meter.CreateObservableCounter("utp.packet.retransmitted", () => Read(c => [new(c.SegmentsRetransmitted)]), "{packet}", "Data packets sent again.");
        _meter.CreateObservableCounter("utp.retransmission_timeout.count",
            () => Read(c => [new(c.RetransmissionTimeouts)]), "{timeout}", "Retransmission timeouts that fired.");
        _meter.CreateObservableCounter("utp.connection_request.dropped",
            () => Read(SynsDropped), "{request}", "Connection requests dropped by the filter, or because a table was full.");
        _meter.CreateObservableCounter("utp.reset.count",
            () => Read(c => [new(c.ResetsReceived, Receive), new(c.ResetsSent, Transmit)]), "{packet}", "RESETs received and sent.");
        _meter.CreateObservableUpDownCounter("utp.accept_queue.length",
            () => Read(c => [new(c.AcceptQueueLength)]), "{connection}", "Connections that wait to be accepted.");
        _meter.CreateObservableCounter("utp.trace.dropped", () => Read(c => [new(c.TraceRecordsDropped)]), "{record}", "Records missing in the trace file.");
    }

    private static Measurement<long>[] SynsDropped(UtpTransportCounters counters) =>
    [
        Dropped(counters.SynsDroppedBacklog, "backlog_full"),
        Dropped(counters.SynsDroppedHalfOpen, "half_open_full"),
        Dropped(counters.SynsDroppedPerAddress, "address_limit"),
        Dropped(counters.SynsRefusedByFilter, "filter"),
        Dropped(counters.SynsDroppedOverLimit, "connection_limit"),
    ];

    private Measurement<long>[] ActiveConnections() =>
    [
        new(Interlocked.Read(ref _activeClients), Tag(UtpConnectionRole.Client)),
        new(Interlocked.Read(ref _activeServers), Tag(UtpConnectionRole.Server)),
    ];

    private Measurement<long>[] Read(Func<UtpTransportCounters, Measurement<long>[]> select) =>
        Volatile.Read(ref _readCounters) is { } read ? select(read()) : [];
}

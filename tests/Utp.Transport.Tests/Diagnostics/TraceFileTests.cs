using System.Net;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using Utp.Protocol.Addresses;
using Utp.Protocol.Connections.Statistics;
using Utp.Protocol.Tracing;
using Utp.Protocol.Wire;
using Utp.Transport.Diagnostics.Tracing;
using Utp.Transport.Engine;

namespace Utp.Transport.Tests.Diagnostics;

/// <summary>The queue before the file, the lines of the file, and disks that are slow, full or missing.</summary>
public sealed class TraceFileTests : IDisposable
{
    private static readonly IPEndPoint Local = new(IPAddress.Loopback, 7000);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
    private readonly FakeLogger _logger = new();
    private readonly GatedStream _stream = new();

    private TraceLines Lines => new(Encoding.UTF8.GetString(_stream.ToArray()));

    public void Dispose() => _stream.Dispose();

    [Fact]
    public void Header_NamesSchemaUnitsAndTheWallClock()
    {
        Create().Dispose();

        var header = Lines.Header;
        Assert.Equal("urn:ietf:params:qlog:file:sequential", header.GetProperty("file_schema").GetString());
        var common = header.GetProperty("trace").GetProperty("common_fields");
        Assert.Equal("relative_to_epoch", common.GetProperty("time_format").GetString());
        Assert.Equal("monotonic", common.GetProperty("reference_time").GetProperty("clock_type").GetString());
        Assert.Equal(_time.GetUtcNow(), common.GetProperty("reference_time").GetProperty("wall_clock_time").GetDateTimeOffset());
    }

    [Fact]
    public void Metrics_HaveEveryFieldInItsUnit()
    {
        using (var trace = Create())
        {
            trace.Write(Sample, Local);
        }

        var line = Assert.Single(Lines.Named("recovery:metrics_updated"));
        Assert.Equal(2.5, TraceLines.TimeOf(line));
        Assert.Equal("A1", line.GetProperty("group_id").GetString());
        Assert.Equal(
            """
            {"min_rtt":20.001,"smoothed_rtt":25.5,"latest_rtt":31,"retransmission_timeout":500,"base_delay":20,"queueing_delay":5.25,
            "target_delay":60,"congestion_window":100000,"bytes_in_flight":90000,"peer_window":1048576,"pacing_rate":80000000,
            "send_rate":40000000,"delivery_rate":32000000,"path_mtu":1472,"bytes_sent":11,"bytes_acknowledged":12,"bytes_received":13,
            "packets_sent":14,"packets_received":15,"packets_lost":16,"packets_retransmitted":17,"spurious_retransmissions":18,"timeouts":19,
            "congestion_events":20,"state":"congestion_avoidance"}
            """.ReplaceLineEndings(string.Empty),
            TraceLines.DataOf(line).GetRawText());
    }

    [Theory]
    [InlineData(TraceEvent.PhaseChanged, "recovery:congestion_state_updated", """{"old":"slow_start","new":"congestion_avoidance"}""")]
    [InlineData(TraceEvent.SegmentLost, "recovery:packet_lost",
        """{"header":{"packet_number":513},"raw":{"payload_length":1452},"trigger":"time_threshold"}""")]
    [InlineData(TraceEvent.TimedOut, "recovery:loss_timer_updated", """{"event_type":"expired","packets_lost":3,"bytes_lost":1452}""")]
    [InlineData(TraceEvent.Closed, "connectivity:connection_closed", """{"reason":"peer_reset"}""")]
    [InlineData(TraceEvent.Opened, "connectivity:connection_started",
        """{"protocol":"utp","role":"client","congestion_control":"Cubic","src_ip":"127.0.0.1","src_port":7000,"dst_ip":"10.0.0.1","dst_port":9}""")]
    internal void Event_HasItsNameAndData(TraceEvent what, string name, string data)
    {
        using (var trace = Create())
        {
            trace.Write(Sample with { Event = what }, Local);
        }

        Assert.Equal(data, TraceLines.DataOf(Assert.Single(Lines.Named(name))).GetRawText());
    }

    [Fact]
    public void EveryPhaseOfEveryController_HasAName()
    {
        string[] phases = ["slow-start", "conservative-slow-start", "avoidance", "probe", "slowdown", "ramp", "rebuild", "recovery"];
        using (var trace = Create())
        {
            foreach (var phase in phases)
            {
                trace.Write(Sample with { Event = TraceEvent.PhaseChanged, Phase = phase }, Local);
            }
        }

        var names = Lines.Named("recovery:congestion_state_updated").Select(line => TraceLines.DataOf(line).GetProperty("new").GetString()).ToList();
        Assert.Equal(phases.Length, names.Distinct().Count());
        Assert.DoesNotContain("unknown", names);
    }

    [Fact]
    public void Dispose_WritesWhatWaits()
    {
        using (var trace = Create())
        {
            for (var i = 0; i < 1_000; i++)
            {
                trace.Write(Sample, Local);
            }
        }

        Assert.Equal(1_000, Lines.Named("recovery:metrics_updated").Count);
        Assert.Equal("""{"records":1000,"dropped":0}""", TraceLines.DataOf(Lines.All[^1]).GetRawText());
    }

    [Fact]
    public void Queue_Full_CountsWhatItDrops()
    {
        var trace = Create(capacity: 10);
        _stream.CloseGate();
        trace.Write(Sample, Local);
        Assert.True(_stream.IsWaiting.Wait(Patience));

        // The disk blocks the writing thread, so these records stay queued; the caller is not blocked.
        for (var i = 0; i < 17; i++)
        {
            trace.Write(Sample, Local);
        }

        Assert.Equal(7, trace.DroppedCount);
        _stream.OpenGate();
        trace.Dispose();
        trace.Write(Sample, Local);

        Assert.Equal(8, trace.DroppedCount);
        Assert.Equal(11, Lines.Named("recovery:metrics_updated").Count);
        Assert.Equal("""{"dropped":7}""", TraceLines.DataOf(Assert.Single(Lines.Named("trace:records_dropped"))).GetRawText());
        Assert.Equal("""{"records":11,"dropped":7}""", TraceLines.DataOf(Lines.All[^1]).GetRawText());
        Assert.Contains(_logger.Collector.GetSnapshot(), record => record.Id.Name == "TraceIncomplete");
    }

    [Fact]
    public void Disk_ThatFillsUp_EndsTheTraceAndIsToldOnce()
    {
        var trace = Create();
        _stream.Room = 0;
        for (var i = 0; i < 5; i++)
        {
            trace.Write(Sample, Local);
        }

        trace.Dispose();

        Assert.Equal(5, trace.DroppedCount);
        var failure = Assert.Single(_logger.Collector.GetSnapshot(), record => record.Level == LogLevel.Error);
        Assert.Equal("TraceFailed", failure.Id.Name);
        Assert.Contains("Utp:Transport:TracePath", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_PathThatCannotBeWritten_NamesKeyValueAndWayOut()
    {
        var path = Path.Combine(Path.GetTempPath(), "no-such-directory", "trace.qlog");

        var error = Assert.Throws<IOException>(() => TraceFile.Open(path, new UtpClock(_time), _logger));

        Assert.StartsWith($"Utp:Transport:TracePath is '{path}', which cannot be written: ", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("Name a file that this program may write, or remove the key to trace nothing.", error.Message, StringComparison.Ordinal);
    }

    private TraceRecord Sample => new()
    {
        Event = TraceEvent.Metrics,
        Time = new UtpClock(_time).Now + 2_500,
        ConnectionId = "A1",
        Remote = PeerAddress.FromIPv4(0x0A00_0001, 9),
        IsInitiator = true,
        Algorithm = UtpCongestionControl.Cubic,
        LatestRoundTripMicros = 31_000,
        BaseRoundTripMicros = 20_000,
        TargetDelayMicros = 60_000,
        PacingBytesPerSecond = 10_000_000,
        SendBytesPerSecond = 5_000_000,
        DeliveryBytesPerSecond = 4_000_000,
        Phase = "avoidance",
        PreviousPhase = "slow-start",
        Sequence = new SequenceNumber(513),
        LostCount = 3,
        LostBytes = 1_452,
        CloseReason = UtpCloseReason.PeerReset,
        Statistics = new ConnectionStatistics
        {
            MinRoundTripMicros = 20_001,
            SmoothedRoundTripMicros = 25_500,
            RetransmissionTimeoutMicros = 500_000,
            QueueingDelayMicros = 5_250,
            CongestionWindowBytes = 100_000,
            FlightBytes = 90_000,
            PeerWindowBytes = 1_048_576,
            PathMtuBytes = 1_472,
            BytesSent = 11,
            BytesAcknowledged = 12,
            BytesReceived = 13,
            SegmentsSent = 14,
            SegmentsReceived = 15,
            SegmentsLost = 16,
            SegmentsRetransmitted = 17,
            SpuriousRetransmissions = 18,
            Timeouts = 19,
            CongestionEvents = 20,
        },
    };

    private TraceFile Create(int capacity = TraceFile.DefaultCapacity) => new(_stream, "trace.qlog", new UtpClock(_time), _logger, capacity);
}

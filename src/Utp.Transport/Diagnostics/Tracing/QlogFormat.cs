using System.Buffers;
using System.Net;
using System.Text.Json;
using Utp.Protocol.Time;
using Utp.Protocol.Tracing;

namespace Utp.Transport.Diagnostics.Tracing;

/// <summary>
/// Writes trace records as JSON lines in the record format of qlog (draft-ietf-quic-qlog-main-schema): a header, then events with <c>time</c>,
/// <c>name</c>, <c>group_id</c> and <c>data</c>. Names and fields are those of the QUIC events where they fit. Times are in milliseconds, sizes in
/// bytes, rates in bits per second. docs/tracing.md describes the format.
/// </summary>
/// <param name="output">The destination of the lines.</param>
/// <param name="start">The origin of all times.</param>
internal sealed class QlogFormat(IBufferWriter<byte> output, Instant start) : IDisposable
{
    private const double MicrosPerMillisecond = 1_000;
    private const int BitsPerByte = 8;

    private readonly Utf8JsonWriter _json = new(output);

    /// <summary>Writes the first line.</summary>
    /// <param name="title">The subject of the trace.</param>
    /// <param name="wallClock">The date and time of the origin, to put traces of several processes side by side; null in virtual time.</param>
    public void WriteHeader(string title, DateTimeOffset? wallClock)
    {
        _json.WriteStartObject();
        _json.WriteString("file_schema"u8, "urn:ietf:params:qlog:file:sequential"u8);
        _json.WriteString("serialization_format"u8, "application/x-ndjson"u8);
        _json.WriteString("title"u8, title);
        _json.WriteStartObject("trace"u8);
        _json.WriteStartArray("event_schemas"u8);
        _json.WriteStringValue("urn:x-utp:qlog:events:1"u8);
        _json.WriteEndArray();
        _json.WriteStartObject("vantage_point"u8);
        _json.WriteString("type"u8, "unknown"u8);
        _json.WriteEndObject();
        _json.WriteStartObject("common_fields"u8);
        _json.WriteString("time_format"u8, "relative_to_epoch"u8);
        _json.WriteStartObject("reference_time"u8);
        _json.WriteString("clock_type"u8, "monotonic"u8);
        _json.WriteString("epoch"u8, "unknown"u8);
        if (wallClock is { } time)
        {
            _json.WriteString("wall_clock_time"u8, time);
        }

        _json.WriteEndObject();
        _json.WriteEndObject();
        _json.WriteEndObject();
        EndLine();
    }

    /// <summary>Writes one event of a connection.</summary>
    /// <param name="record">The event.</param>
    /// <param name="local">This side's address; null to leave it out.</param>
    public void Write(in TraceRecord record, IPEndPoint? local)
    {
        switch (record.Event)
        {
            case TraceEvent.Opened:
                Begin(record, "connectivity:connection_started"u8);
                WriteOpened(record, local);
                break;
            case TraceEvent.Metrics:
                Begin(record, "recovery:metrics_updated"u8);
                WriteMetrics(record);
                break;
            case TraceEvent.PhaseChanged:
                Begin(record, "recovery:congestion_state_updated"u8);
                if (record.PreviousPhase.Length > 0)
                {
                    _json.WriteString("old"u8, Name(record.PreviousPhase));
                }

                _json.WriteString("new"u8, Name(record.Phase));
                break;
            case TraceEvent.SegmentLost:
                Begin(record, "recovery:packet_lost"u8);
                WriteLoss(record);
                break;
            case TraceEvent.TimedOut:
                Begin(record, "recovery:loss_timer_updated"u8);
                _json.WriteString("event_type"u8, "expired"u8);
                _json.WriteNumber("packets_lost"u8, record.LostCount);
                _json.WriteNumber("bytes_lost"u8, record.LostBytes);
                break;
            case TraceEvent.Closed:
                Begin(record, "connectivity:connection_closed"u8);
                _json.WriteString("reason"u8, CloseReasonNames.Of(record.CloseReason));
                break;
        }

        _json.WriteEndObject();
        EndLine();
    }

    /// <summary>Writes the number of records lost so far, because the queue was full or the file could not be written.</summary>
    public void WriteDropped(Instant now, long droppedCount)
    {
        BeginWithoutGroup(now, "trace:records_dropped"u8);
        _json.WriteNumber("dropped"u8, droppedCount);
        _json.WriteEndObject();
        EndLine();
    }

    /// <summary>Writes the last line, which marks the trace as complete.</summary>
    public void WriteEnd(Instant now, long recordCount, long droppedCount)
    {
        BeginWithoutGroup(now, "trace:ended"u8);
        _json.WriteNumber("records"u8, recordCount);
        _json.WriteNumber("dropped"u8, droppedCount);
        _json.WriteEndObject();
        EndLine();
    }

    public void Dispose() => _json.Dispose();

    /// <summary>Gets the name of a controller's phase in the spelling of qlog states.</summary>
    private static ReadOnlySpan<byte> Name(string phase) => phase switch
    {
        "slow-start" => "slow_start"u8,
        "conservative-slow-start" => "conservative_slow_start"u8,
        "avoidance" => "congestion_avoidance"u8,
        "probe" => "probe"u8,
        "slowdown" => "slowdown"u8,
        "ramp" => "ramp"u8,
        "rebuild" => "rebuild"u8,
        "recovery" => "recovery"u8,
        _ => "unknown"u8,
    };

    private void WriteOpened(in TraceRecord record, IPEndPoint? local)
    {
        var remote = record.Remote.ToEndPoint();
        _json.WriteString("protocol"u8, "utp"u8);
        _json.WriteString("role"u8, record.IsInitiator ? "client"u8 : "server"u8);
        _json.WriteString("congestion_control"u8, record.Algorithm.ToString());
        if (local is not null)
        {
            _json.WriteString("src_ip"u8, local.Address.ToString());
            _json.WriteNumber("src_port"u8, local.Port);
        }

        _json.WriteString("dst_ip"u8, remote.Address.ToString());
        _json.WriteNumber("dst_port"u8, remote.Port);
    }

    private void WriteMetrics(in TraceRecord record)
    {
        var statistics = record.Statistics;
        WriteMilliseconds("min_rtt"u8, statistics.MinRoundTripMicros);
        WriteMilliseconds("smoothed_rtt"u8, statistics.SmoothedRoundTripMicros);
        WriteMilliseconds("latest_rtt"u8, record.LatestRoundTripMicros);
        WriteMilliseconds("retransmission_timeout"u8, statistics.RetransmissionTimeoutMicros);
        WriteMilliseconds("base_delay"u8, record.BaseRoundTripMicros);
        WriteMilliseconds("queueing_delay"u8, statistics.QueueingDelayMicros);
        WriteMilliseconds("target_delay"u8, record.TargetDelayMicros);
        _json.WriteNumber("congestion_window"u8, statistics.CongestionWindowBytes);
        _json.WriteNumber("bytes_in_flight"u8, statistics.FlightBytes);
        _json.WriteNumber("peer_window"u8, statistics.PeerWindowBytes);
        _json.WriteNumber("pacing_rate"u8, record.PacingBytesPerSecond * BitsPerByte);
        _json.WriteNumber("send_rate"u8, record.SendBytesPerSecond * BitsPerByte);
        _json.WriteNumber("delivery_rate"u8, record.DeliveryBytesPerSecond * BitsPerByte);
        _json.WriteNumber("path_mtu"u8, statistics.PathMtuBytes);
        _json.WriteNumber("bytes_sent"u8, statistics.BytesSent);
        _json.WriteNumber("bytes_acknowledged"u8, statistics.BytesAcknowledged);
        _json.WriteNumber("bytes_received"u8, statistics.BytesReceived);
        _json.WriteNumber("packets_sent"u8, statistics.SegmentsSent);
        _json.WriteNumber("packets_received"u8, statistics.SegmentsReceived);
        _json.WriteNumber("packets_lost"u8, statistics.SegmentsLost);
        _json.WriteNumber("packets_retransmitted"u8, statistics.SegmentsRetransmitted);
        _json.WriteNumber("spurious_retransmissions"u8, statistics.SpuriousRetransmissions);
        _json.WriteNumber("timeouts"u8, statistics.Timeouts);
        _json.WriteNumber("congestion_events"u8, statistics.CongestionEvents);
        _json.WriteString("state"u8, Name(record.Phase));
    }

    private void WriteLoss(in TraceRecord record)
    {
        _json.WriteStartObject("header"u8);
        _json.WriteNumber("packet_number"u8, record.Sequence.Value);
        _json.WriteEndObject();
        _json.WriteStartObject("raw"u8);
        _json.WriteNumber("payload_length"u8, record.LostBytes);
        _json.WriteEndObject();
        _json.WriteString("trigger"u8, "time_threshold"u8);
    }

    private void Begin(in TraceRecord record, ReadOnlySpan<byte> name)
    {
        BeginEvent(record.Time, name);
        _json.WriteString("group_id"u8, record.ConnectionId);
        _json.WriteStartObject("data"u8);
    }

    private void BeginWithoutGroup(Instant now, ReadOnlySpan<byte> name)
    {
        BeginEvent(now, name);
        _json.WriteStartObject("data"u8);
    }

    private void BeginEvent(Instant now, ReadOnlySpan<byte> name)
    {
        _json.WriteStartObject();
        WriteMilliseconds("time"u8, now - start);
        _json.WriteString("name"u8, name);
    }

    private void WriteMilliseconds(ReadOnlySpan<byte> name, long micros) => _json.WriteNumber(name, micros / MicrosPerMillisecond);

    private void EndLine()
    {
        _json.WriteEndObject();
        _json.Flush();
        _json.Reset();
        output.Write("\n"u8);
    }
}

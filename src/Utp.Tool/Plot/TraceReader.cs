using System.Text.Json;

namespace Utp.Tool.Plot;

/// <summary>
/// Reads a trace (docs/tracing.md). Events and fields that it does not know are passed over; a last line that was cut off, by a process that was
/// killed or a disk that is full, does no harm.
/// </summary>
internal static class TraceReader
{
    /// <summary>What RFC 7464 puts in front of each record; JSON lines do without.</summary>
    private const char RecordSeparator = '\u001e';

    /// <exception cref="ToolException">There is no such file, or it is not a trace.</exception>
    public static Trace Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new ToolException(Directory.Exists(path) ? $"'{path}' is a directory, not a trace." : $"There is no file '{path}'.");
        }

        using var lines = File.ReadLines(path).GetEnumerator();
        if (!lines.MoveNext() || Parse(lines.Current) is not { } header || !IsHeader(header))
        {
            throw new ToolException($"'{path}' is not a trace: its first line is not the header of a qlog. 'utp bench --trace FILE' writes traces.");
        }

        // The transport calls every trace the same.
        var title = Text(header, "title") is { } given && given != "utp" ? given : Path.GetFileNameWithoutExtension(path);
        return new Trace(path, title, WallClockOf(header), ReadConnections(path, lines));
    }

    /// <summary>The connections, in the order in which they first occur.</summary>
    private static List<TracedConnection> ReadConnections(string path, IEnumerator<string> lines)
    {
        var connections = new Dictionary<string, TracedConnection>();
        var order = new List<TracedConnection>();
        var number = 1;
        int? broken = null;
        while (lines.MoveNext())
        {
            number++;
            if (broken is { } line)
            {
                throw new ToolException($"'{path}' is damaged: line {line} is not JSON.");
            }

            if (Parse(lines.Current) is not { } record)
            {
                broken = number;
                continue;
            }

            if (Text(record, "group_id") is { } id)
            {
                if (!connections.TryGetValue(id, out var connection))
                {
                    connections[id] = connection = new TracedConnection(id);
                    order.Add(connection);
                }

                Take(connection, record);
            }
        }

        return order;
    }

    private static JsonElement? Parse(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line.AsMemory().Trim(RecordSeparator));
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static bool IsHeader(JsonElement header) =>
        Text(header, "file_schema")?.StartsWith("urn:ietf:params:qlog:file:sequential", StringComparison.Ordinal) == true;

    private static DateTimeOffset? WallClockOf(JsonElement header) =>
        header.TryGetProperty("trace", out var trace)
        && trace.TryGetProperty("common_fields", out var common)
        && common.TryGetProperty("reference_time", out var reference)
        && reference.TryGetProperty("wall_clock_time", out var time)
        && time.TryGetDateTimeOffset(out var value)
            ? value
            : null;

    private static void Take(TracedConnection connection, JsonElement record)
    {
        var seconds = Number(record, "time") / 1e3;
        if (!record.TryGetProperty("data", out var data))
        {
            return;
        }

        switch (Text(record, "name"))
        {
            case "connectivity:connection_started":
                connection.Remote = Text(data, "dst_ip") is { } address ? $"{address}:{(int)Number(data, "dst_port")}" : null;
                connection.Algorithm = Text(data, "congestion_control");
                break;
            case "recovery:metrics_updated":
                connection.Samples.Add(ReadSample(seconds, data));
                break;
            case "recovery:congestion_state_updated":
                connection.Phases.Add((seconds, Text(data, "new") ?? string.Empty));
                break;
            case "recovery:packet_lost":
                connection.Losses.Add(seconds);
                break;
            case "recovery:loss_timer_updated":
                connection.Timeouts.Add(seconds);
                break;
        }
    }

    private static TraceSample ReadSample(double seconds, JsonElement data) => new(
        seconds,
        Number(data, "congestion_window"),
        Number(data, "bytes_in_flight"),
        Number(data, "smoothed_rtt"),
        Number(data, "queueing_delay"),
        Number(data, "target_delay"),
        (long)Number(data, "bytes_acknowledged"),
        (long)Number(data, "bytes_received"));

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static double Number(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : 0;
}

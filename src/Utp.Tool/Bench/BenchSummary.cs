using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace Utp.Tool.Bench;

/// <summary>The result of a measurement. What was not measured, or does not exist on a transport, is null.</summary>
internal sealed class BenchSummary
{
    private readonly string _transport;
    private readonly BenchMode _mode;
    private readonly StreamMeter[] _meters;
    private readonly ResourceUse _use;
    private readonly LatencyHistogram? _latency;

    public BenchSummary(string transport, BenchMode mode, StreamMeter[] meters, ResourceUse use)
    {
        _transport = transport;
        _mode = mode;
        _meters = meters;
        _use = use;
        var latency = new LatencyHistogram();
        foreach (var meter in meters)
        {
            latency.Add(meter.Latency);
        }

        _latency = latency.Count > 0 ? latency : null;
    }

    public long Bytes => _meters.Sum(meter => meter.Bytes);

    private double Seconds => Math.Max(_use.Time.TotalSeconds, 1e-9);

    private double? ConnectsPerSecond => _mode == BenchMode.Connect ? _meters.Sum(meter => meter.Connects) / Seconds : null;

    private long? SegmentsSent => _meters.Any(meter => meter.IsUtp) ? _meters.Sum(meter => meter.SegmentsSent) : null;

    private long? SegmentsRetransmitted => _meters.Any(meter => meter.IsUtp) ? _meters.Sum(meter => meter.SegmentsRetransmitted) : null;

    public void WriteJson(Utf8JsonWriter json)
    {
        json.WriteString("transport", _transport);
        json.WriteString("mode", _mode.ToString().ToLowerInvariant());
        json.WriteNumber("streams", _meters.Length);
        json.WriteNumber("bytes", Bytes);
        json.WriteNumber("seconds", Math.Round(Seconds, 6));
        json.WriteNumber("megabytesPerSecond", Math.Round(Bytes / 1e6 / Seconds, 3));
        json.WriteNumber("messagesPerSecond", Math.Round(_meters.Sum(meter => meter.Messages) / Seconds, 3));
        WriteNumberOrNull(json, "connectsPerSecond", ConnectsPerSecond is { } rate ? Math.Round(rate, 3) : null);
        WriteLatency(json);
        json.WriteNumber("cpuSeconds", Math.Round(_use.Cpu.TotalSeconds, 6));
        json.WriteNumber("allocatedBytes", _use.AllocatedBytes);
        WriteNumberOrNull(json, "segmentsSent", SegmentsSent);
        WriteNumberOrNull(json, "segmentsRetransmitted", SegmentsRetransmitted);
    }

    /// <summary>The same for people: a table on a terminal, a line elsewhere.</summary>
    public void WriteTo(ToolConsole console)
    {
        if (console.Terminal is not { } terminal)
        {
            console.WriteLine(string.Join(", ", Rows().Select(row => $"{row.Name} {row.Value}")));
            return;
        }

        var table = new Table().HideHeaders().AddColumns(string.Empty, string.Empty);
        foreach (var (name, value) in Rows())
        {
            table.AddRow(name, Markup.Escape(value));
        }

        terminal.Write(table);
    }

    private static void WriteNumberOrNull(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private void WriteLatency(Utf8JsonWriter json)
    {
        if (_latency is null)
        {
            json.WriteNull("latencyMicros");
            return;
        }

        json.WriteStartObject("latencyMicros");
        json.WriteNumber("p50", Math.Round(_latency.QuantileMicros(0.5), 1));
        json.WriteNumber("p99", Math.Round(_latency.QuantileMicros(0.99), 1));
        json.WriteNumber("max", Math.Round(_latency.MaxMicros, 1));
        json.WriteEndObject();
    }

    private IEnumerable<(string Name, string Value)> Rows()
    {
        yield return ("transport", _transport);
        yield return ("mode", _mode.ToString().ToLowerInvariant());
        yield return ("streams", Format(_meters.Length));
        yield return ("moved", $"{Units.Bytes(Bytes)} in {Units.Seconds(_use.Time)}");
        yield return ("rate", Units.Rate(Bytes, _use.Time));
        yield return ("messages", $"{Format(_meters.Sum(meter => meter.Messages) / Seconds)}/s");
        if (ConnectsPerSecond is { } connects)
        {
            yield return ("connects", $"{Format(connects)}/s");
        }

        if (_latency is { } latency)
        {
            yield return ("latency",
                $"p50 {Format(latency.QuantileMicros(0.5))} us, p99 {Format(latency.QuantileMicros(0.99))} us, max {Format(latency.MaxMicros)} us");
        }

        yield return ("CPU", Units.Seconds(_use.Cpu));
        yield return ("allocated", Units.Bytes(_use.AllocatedBytes));
        if (SegmentsSent is { } sent)
        {
            yield return ("segments", $"{sent} sent, {SegmentsRetransmitted} of them again");
        }
    }

    private static string Format(double value) => value.ToString("0", CultureInfo.InvariantCulture);
}

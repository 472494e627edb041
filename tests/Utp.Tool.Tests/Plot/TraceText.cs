using System.Globalization;
using System.Text;

namespace Utp.Tool.Tests.Plot;

/// <summary>Traces written by hand: a flow of a steady rate, from one second to another.</summary>
internal sealed class TraceText
{
    private readonly StringBuilder _lines = new();

    public TraceText(string title = "utp", string? wallClock = null)
    {
        var clock = wallClock is null ? string.Empty : $",\"wall_clock_time\":\"{wallClock}\"";
        _lines.Append(CultureInfo.InvariantCulture, $"{{\"file_schema\":\"urn:ietf:params:qlog:file:sequential\",\"title\":\"{title}\",");
        _lines.Append(CultureInfo.InvariantCulture, $"\"trace\":{{\"common_fields\":{{\"reference_time\":{{\"clock_type\":\"monotonic\"{clock}}}}}}}}}\n");
    }

    public TraceText AddFlow(string id, double from = 0, double to = 2, double megabytesPerSecond = 1)
    {
        Add(from, id, "connectivity:connection_started", """{"congestion_control":"Cubic","dst_ip":"10.0.0.1","dst_port":9}""");
        Add(from, id, "recovery:congestion_state_updated", """{"new":"slow_start"}""");
        for (var time = from; time <= to; time += 0.02)
        {
            var bytes = (long)((time - from) * megabytesPerSecond * 1e6);
            Add(time, id, "recovery:metrics_updated",
                """{"smoothed_rtt":50,"queueing_delay":10,"target_delay":60,"congestion_window":100000,"bytes_in_flight":90000,"""
                + $$""" "bytes_acknowledged":{{bytes}},"bytes_received":0}""");
        }

        Add((from + to) / 2, id, "recovery:packet_lost", """{"header":{"packet_number":1}}""");
        Add((from + to) / 2, id, "recovery:loss_timer_updated", """{"event_type":"expired"}""");
        return this;
    }

    public TraceText AddLine(string line)
    {
        _lines.Append(line).Append('\n');
        return this;
    }

    public string Save(string path)
    {
        File.WriteAllText(path, _lines.ToString());
        return path;
    }

    private void Add(double seconds, string id, string name, string data) =>
        _lines.Append(CultureInfo.InvariantCulture, $"{{\"time\":{seconds * 1e3:F3},\"name\":\"{name}\",\"group_id\":\"{id}\",\"data\":{data}}}\n");
}

using System.Text.Json;
using Utp.Protocol.Connections;
using Utp.Protocol.Connections.Statistics;
using Utp.Simulation.Probes;
using Utp.Simulation.Scenarios;
using Utp.Transport;

namespace Utp.Simulation.Tests.Instrument;

/// <summary>Traces of virtual time: they agree with the flow, and a run with one is the run without.</summary>
public sealed class TraceWriterTests
{
    private const double Seconds = 10;

    [Fact]
    public void Trace_OfAFlow_AgreesWithItsCounters()
    {
        var path = Path.GetTempFileName();
        try
        {
            var (_, statistics) = Run(path);

            var lines = File.ReadAllLines(path).Select(line => JsonDocument.Parse(line).RootElement).ToList();
            Assert.Equal("latecomer", lines[0].GetProperty("title").GetString());
            var metrics = lines.Where(line => IsNamed(line, "recovery:metrics_updated") && line.GetProperty("group_id").GetString() == "first").ToList();

            // Ten seconds in steps of twenty milliseconds, and some for phases.
            Assert.InRange(metrics.Count, Seconds * 25, Seconds * 100);
            Assert.InRange(metrics[^1].GetProperty("time").GetDouble(), (Seconds * 1e3) - 100, Seconds * 1e3);
            var acknowledged = metrics[^1].GetProperty("data").GetProperty("bytes_acknowledged").GetInt64();
            Assert.InRange(acknowledged, 0.95 * statistics.BytesAcknowledged, statistics.BytesAcknowledged);
            Assert.Contains(lines, line => IsNamed(line, "connectivity:connection_started") && line.GetProperty("group_id").GetString() == "second");
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Run_WithATrace_IsTheRunWithout()
    {
        var path = Path.GetTempFileName();
        try
        {
            Assert.Equal(Run(null).Hash, Run(path).Hash);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static bool IsNamed(JsonElement line, string name) => line.TryGetProperty("name", out var value) && value.GetString() == name;

    private static (string Hash, ConnectionStatistics First) Run(string? path)
    {
        using var lab = new Dumbbell(1, new DumbbellSettings());
        using var trace = path is null ? null : new TraceWriter(lab.Run, "latecomer");
        var settings = new ConnectionSettings { CongestionControl = UtpCongestionControl.LedbatPlusPlus };
        var (first, _) = lab.AddUtp(new UtpFlowSettings { Connection = settings, Trace = trace?.For("first") });
        lab.AddUtp(new UtpFlowSettings { Connection = settings, Trace = trace?.For("second") }, startSeconds: 3);
        lab.RunUntil(Seconds);
        trace?.Save(path!);
        return (lab.Run.Trace.Current(), first.Statistics);
    }
}

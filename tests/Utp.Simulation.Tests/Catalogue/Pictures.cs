using Utp.Simulation.Probes;
using Utp.Simulation.Scenarios;

namespace Utp.Simulation.Tests.Catalogue;

/// <summary>Draws the runs that say most, for docs/experiments.md. Only seed 1, and only when the table is written too.</summary>
internal static class Pictures
{
    private const int Points = 400;

    /// <summary>Goodput of each flow, and the true queue with what the first flow takes it for.</summary>
    public static void Draw(string name, string title, Dumbbell lab, double seconds, double queueMostMs, params FlowSeries[] flows)
    {
        if (lab.Run.Seed != 1 || Environment.GetEnvironmentVariable(Snapshot.Variable) != "write")
        {
            return;
        }

        var step = seconds / Points;
        var times = Enumerable.Range(0, Points).Select(i => i * step).ToList();
        new Chart($"{title}, seconds", seconds)
            .Add("goodput, Mbit/s", RoundUp(lab.CeilingMbit, 4), [.. flows.Select(flow => (flow.Name, Goodput(flow, times, step)))])
            .Add("congestion window, KiB", RoundUp(WindowMostKiB(flows), 100), [.. flows.Select(flow => (flow.Name, Windows(flow, times)))])
            .Add("true queue at the bottleneck, ms", queueMostMs, ("queue", [.. times.Select(time => lab.Probe.QueueMs(time, time + step).Mean)]))
            .Save(Snapshot.PathOf(Path.Combine("experiments", name + ".svg")));
    }

    private static List<double> Goodput(FlowSeries flow, List<double> times, double step)
    {
        // At least half a second each, or single packets would show.
        var span = Math.Max(step, 0.5);
        var last = times[^1] + step;
        return times.ConvertAll(time => flow.GoodputMbit(Math.Min(time, last - span), Math.Min(time + span, last)));
    }

    private static List<double> Windows(FlowSeries flow, List<double> times) =>
        times.ConvertAll(time => flow.Samples[Probe.IndexAt(time)].WindowBytes / 1024.0);

    /// <summary>The first moments of slow start are left out, or they alone would set the scale.</summary>
    private static double WindowMostKiB(FlowSeries[] flows) =>
        flows.Max(flow => flow.Samples.Skip(flow.Samples.Count / 20).Max(sample => sample.WindowBytes)) / 1024.0;

    private static double RoundUp(double value, double multiple) => Math.Ceiling(value / multiple) * multiple;
}

using ScottPlot;
using Utp.Protocol;

namespace Utp.Tool.Plot;

/// <summary>What each panel shows. One flow is shown in detail; of several, only what can still be told apart.</summary>
internal sealed class FigurePanels(IReadOnlyList<Flow> flows, double from, double to)
{
    private const float LineWidth = 1.6f;
    private const float FaintWidth = 1.1f;
    private const double FaintAlpha = 0.45;

    /// <summary>Room above the largest value.</summary>
    private const double Headroom = 1.08;

    /// <summary>Marks of losses, at most so many over the width: closer ones are one.</summary>
    private const int MarkColumns = 150;

    private static readonly (double Bytes, string Name)[] SizeUnits = [(1024 * 1024, "MiB"), (1024, "KiB")];

    private bool IsAlone => flows.Count == 1;

    public void DrawWindow(ScottPlot.Plot plot)
    {
        var most = Most(sample => Math.Max(sample.WindowBytes, sample.FlightBytes));
        var (unit, name) = SizeUnits.FirstOrDefault(unit => most >= 4 * unit.Bytes, SizeUnits[^1]);
        if (IsAlone)
        {
            ShadePhases(plot);
        }

        for (var i = 0; i < flows.Count; i++)
        {
            var colour = FigureStyle.ColourOf(i);
            if (flows.Count <= 2)
            {
                AddLine(plot, flows[i], sample => sample.FlightBytes / unit, colour.WithAlpha(FaintAlpha), FaintWidth, IsAlone ? "in flight" : null);
            }

            AddLine(plot, flows[i], sample => sample.WindowBytes / unit, colour, LineWidth, IsAlone ? "congestion window" : flows[i].Name);
            AddMarks(plot, flows[i], flows[i].Connection.Losses, sample => sample.WindowBytes / unit, colour, MarkerShape.Eks, IsAlone ? "loss" : null);
            AddMarks(plot, flows[i], flows[i].Connection.Timeouts, sample => sample.WindowBytes / unit, colour, MarkerShape.FilledTriangleDown,
                IsAlone ? "timeout" : null);
        }

        plot.YLabel($"Congestion window ({name})");
        plot.Axes.SetLimitsY(0, Math.Max(most / unit * Headroom, 1));
    }

    public void DrawDelay(ScottPlot.Plot plot)
    {
        for (var i = 0; i < flows.Count; i++)
        {
            // Alone, the kinds of delay are told apart by colour; otherwise the flows are.
            var colour = FigureStyle.ColourOf(i);
            AddLine(plot, flows[i], sample => sample.RoundTripMs, colour.WithAlpha(IsAlone ? 1 : FaintAlpha), IsAlone ? LineWidth : FaintWidth,
                IsAlone ? "round trip" : null);
            AddLine(plot, flows[i], sample => sample.QueueingMs, IsAlone ? FigureStyle.ColourOf(1) : colour, LineWidth, IsAlone ? "queueing delay" : null);
        }

        if (!IsAlone)
        {
            // The flows have their colours from the first panel.
            AddKey(plot, "queueing delay", FigureStyle.Neutral, LineWidth);
            AddKey(plot, "round trip", FigureStyle.Neutral.WithAlpha(FaintAlpha), FaintWidth);
        }

        AddTargets(plot);
        plot.YLabel("Delay (ms)");
        var most = Most(sample => Math.Max(Math.Max(sample.RoundTripMs, sample.QueueingMs), sample.TargetMs));
        plot.Axes.SetLimitsY(0, Math.Max(most * Headroom, 1));
    }

    public void DrawRate(ScottPlot.Plot plot)
    {
        var rates = flows.Select(flow => Visible(flow)
            .Select(sample => (sample.Seconds, flow.IsSender ? (double)sample.BytesAcknowledged : sample.BytesReceived)).ToList())
            .Select(counter => counter.Count < 2 ? (X: [], Y: []) : Series.Rate(counter, to - from))
            .ToList();
        var most = rates.SelectMany(rate => rate.Y).DefaultIfEmpty(0).Max();
        var (unit, name) = most >= 2_000 ? (1_000.0, "Gbit/s") : (1.0, "Mbit/s");
        for (var i = 0; i < flows.Count; i++)
        {
            var (x, y) = rates[i];
            Style(plot.Add.ScatterLine(x, Array.ConvertAll(y, value => value / unit)), FigureStyle.ColourOf(i), LineWidth, IsAlone ? flows[i].Name : null);
        }

        plot.YLabel($"Rate ({name})");
        plot.Axes.SetLimitsY(0, Math.Max(most / unit * Headroom, 0.1));
    }

    private static void Style(ScottPlot.Plottables.Scatter line, Color colour, float width, string? legend)
    {
        line.Color = colour;
        line.LineWidth = width;
        line.LegendText = legend ?? string.Empty;
    }

    /// <summary>A line in the legend only.</summary>
    private static void AddKey(ScottPlot.Plot plot, string legend, Color colour, float width) =>
        Style(plot.Add.ScatterLine(new[] { double.NaN }, new[] { double.NaN }), colour, width, legend);

    private IEnumerable<TraceSample> Visible(Flow flow) => flow.Connection.Samples
        .Select(sample => sample with { Seconds = sample.Seconds + flow.OffsetSeconds })
        .Where(sample => sample.Seconds >= from && sample.Seconds <= to);

    private double Most(Func<TraceSample, double> value) => flows.SelectMany(Visible).Select(value).DefaultIfEmpty(0).Max();

    private void AddLine(ScottPlot.Plot plot, Flow flow, Func<TraceSample, double> value, Color colour, float width, string? legend)
    {
        var points = Visible(flow).Select(sample => (sample.Seconds, value(sample))).ToList();
        if (points.Count > 0)
        {
            var (x, y) = Series.Thin(points);
            Style(plot.Add.ScatterLine(x, y), colour, width, legend);
        }
    }

    /// <summary>Marks on the line of the window, where it was when it happened.</summary>
    private void AddMarks(ScottPlot.Plot plot, Flow flow, List<double> times, Func<TraceSample, double> value, Color colour, MarkerShape shape, string? legend)
    {
        var samples = Visible(flow).ToList();
        var width = (to - from) / MarkColumns;
        var marks = times.Select(time => time + flow.OffsetSeconds)
            .Where(time => time >= from && time <= to)
            .GroupBy(time => (int)((time - from) / width))
            .Select(group =>
                (X: group.First(), Y: samples.LastOrDefault(sample => sample.Seconds <= group.First()) is { Seconds: > 0 } sample ? value(sample) : double.NaN))
            .Where(mark => !double.IsNaN(mark.Y))
            .ToList();
        if (marks.Count > 0)
        {
            var added =
                plot.Add.Markers(marks.ConvertAll(mark => mark.X), marks.ConvertAll(mark => mark.Y), shape, 7, IsAlone ? FigureStyle.ColourOf(1) : colour);
            added.MarkerLineWidth = 1.4f;
            added.LegendText = legend ?? string.Empty;
        }
    }

    /// <summary>Each target that a controller steers to, once.</summary>
    private void AddTargets(ScottPlot.Plot plot)
    {
        var targets = flows.Select(flow => Visible(flow).Select(sample => sample.TargetMs).DefaultIfEmpty(0).Max()).Where(target => target > 0).Distinct()
            .Order().ToList();
        for (var i = 0; i < targets.Count; i++)
        {
            var line = plot.Add.HorizontalLine(targets[i], 1.2f, FigureStyle.Neutral, LinePattern.Dashed);
            line.LegendText = FormattableString.Invariant($"target {targets[i]:0.#} ms");
            line.EnableAutoscale = false;
        }
    }

    /// <summary>Slow start and the slowdowns of LEDBAT++, behind the lines.</summary>
    private void ShadePhases(ScottPlot.Plot plot)
    {
        var flow = flows[0];
        var named = new HashSet<string>();
        var phases = flow.Connection.Phases;
        for (var i = 0; i < phases.Count; i++)
        {
            var legend = phases[i].Name switch
            {
                "slow_start" or "conservative_slow_start" => "slow start",
                "slowdown" or "ramp" => "slowdown",
                _ => null,
            };
            var begin = Math.Max(phases[i].Seconds + flow.OffsetSeconds, from);
            var end = Math.Min((i + 1 < phases.Count ? phases[i + 1].Seconds : flow.Connection.Samples[^1].Seconds) + flow.OffsetSeconds, to);
            if (legend is not null && begin < end)
            {
                var span = plot.Add.HorizontalSpan(begin, end, FigureStyle.ColourOf(legend == "slowdown" ? 4 : 2).WithAlpha(0.15));
                span.LineStyle.Width = 0;
                span.LegendText = named.Add(legend) ? legend : string.Empty;
            }
        }
    }
}

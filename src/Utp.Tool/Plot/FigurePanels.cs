using OxyPlot;
using OxyPlot.Annotations;
using OxyPlot.Series;

namespace Utp.Tool.Plot;

/// <summary>What each panel shows. One flow is shown in detail; of several, only what can still be told apart.</summary>
internal sealed class FigurePanels(IReadOnlyList<Flow> flows, double from, double to)
{
    private const double LineWidth = 1.6;
    private const double FaintWidth = 1.1;
    private const double FaintAlpha = 0.45;
    private const double PhaseAlpha = 0.15;

    /// <summary>A line as thick as a small area.</summary>
    private const double PhaseKeyWidth = 12;

    /// <summary>Room above the largest value.</summary>
    private const double Headroom = 1.08;

    /// <summary>Marks of losses, at most so many over the width: closer ones are one.</summary>
    private const int MarkColumns = 150;

    private static readonly (double Bytes, string Name)[] SizeUnits = [(1024 * 1024, "MiB"), (1024, "KiB")];

    private bool IsAlone => flows.Count == 1;

    public void DrawWindow(PlotModel plot)
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
                AddLine(plot, flows[i], sample => sample.FlightBytes / unit, FigureStyle.Faint(colour, FaintAlpha), FaintWidth, IsAlone ? "in flight" : null);
            }

            AddLine(plot, flows[i], sample => sample.WindowBytes / unit, colour, LineWidth, IsAlone ? "congestion window" : flows[i].Name);
            AddMarks(plot, flows[i], flows[i].Connection.Losses, sample => sample.WindowBytes / unit, colour, MarkerType.Cross, IsAlone ? "loss" : null);
            AddMarks(plot, flows[i], flows[i].Connection.Timeouts, sample => sample.WindowBytes / unit, colour, MarkerType.Triangle,
                IsAlone ? "timeout" : null);
        }

        plot.Axes.Add(FigureStyle.ValueAxis($"Congestion window ({name})", Math.Max(most / unit * Headroom, 1)));
    }

    public void DrawDelay(PlotModel plot)
    {
        for (var i = 0; i < flows.Count; i++)
        {
            // Alone, the kinds of delay are told apart by colour; otherwise the flows are.
            var colour = FigureStyle.ColourOf(i);
            AddLine(plot, flows[i], sample => sample.RoundTripMs, FigureStyle.Faint(colour, IsAlone ? 1 : FaintAlpha), IsAlone ? LineWidth : FaintWidth,
                IsAlone ? "round trip" : null);
            AddLine(plot, flows[i], sample => sample.QueueingMs, IsAlone ? FigureStyle.ColourOf(1) : colour, LineWidth, IsAlone ? "queueing delay" : null);
        }

        if (!IsAlone)
        {
            // The flows have their colours from the first panel.
            AddKey(plot, "queueing delay", FigureStyle.Neutral, LineWidth);
            AddKey(plot, "round trip", FigureStyle.Faint(FigureStyle.Neutral, FaintAlpha), FaintWidth);
        }

        AddTargets(plot);
        var most = Most(sample => Math.Max(Math.Max(sample.RoundTripMs, sample.QueueingMs), sample.TargetMs));
        plot.Axes.Add(FigureStyle.ValueAxis("Delay (ms)", Math.Max(most * Headroom, 1)));
    }

    public void DrawRate(PlotModel plot)
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
            plot.Series.Add(Line(x, Array.ConvertAll(y, value => value / unit), FigureStyle.ColourOf(i), LineWidth, IsAlone ? flows[i].Name : null));
        }

        plot.Axes.Add(FigureStyle.ValueAxis($"Rate ({name})", Math.Max(most / unit * Headroom, 0.1)));
    }

    private static LineSeries Line(double[] x, double[] y, OxyColor colour, double width, string? legend)
    {
        var line = new LineSeries { Color = colour, StrokeThickness = width, Title = legend is null ? null : FigureStyle.Printable(legend) };
        line.Points.AddRange(x.Zip(y, (seconds, value) => new DataPoint(seconds, value)));
        return line;
    }

    /// <summary>A line in the legend only.</summary>
    private static void AddKey(PlotModel plot, string legend, OxyColor colour, double width) => plot.Series.Add(Line([], [], colour, width, legend));

    private IEnumerable<TraceSample> Visible(Flow flow) => flow.Connection.Samples
        .Select(sample => sample with { Seconds = sample.Seconds + flow.OffsetSeconds })
        .Where(sample => sample.Seconds >= from && sample.Seconds <= to);

    private double Most(Func<TraceSample, double> value) => flows.SelectMany(Visible).Select(value).DefaultIfEmpty(0).Max();

    private void AddLine(PlotModel plot, Flow flow, Func<TraceSample, double> value, OxyColor colour, double width, string? legend)
    {
        var points = Visible(flow).Select(sample => (sample.Seconds, value(sample))).ToList();
        if (points.Count > 0)
        {
            var (x, y) = Series.Thin(points);
            plot.Series.Add(Line(x, y, colour, width, legend));
        }
    }

    /// <summary>Marks on the line of the window, where it was when it happened.</summary>
    private void AddMarks(PlotModel plot, Flow flow, List<double> times, Func<TraceSample, double> value, OxyColor colour, MarkerType shape, string? legend)
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
            var added = Line([.. marks.Select(mark => mark.X)], [.. marks.Select(mark => mark.Y)], colour, LineWidth, legend);
            added.LineStyle = LineStyle.None;
            added.MarkerType = shape;
            added.MarkerSize = 3.5;
            added.MarkerFill = added.MarkerStroke = IsAlone ? FigureStyle.ColourOf(1) : colour;
            added.MarkerStrokeThickness = 1.4;
            plot.Series.Add(added);
        }
    }

    /// <summary>Each target that a controller steers to, once.</summary>
    private void AddTargets(PlotModel plot)
    {
        var targets = flows.Select(flow => Visible(flow).Select(sample => sample.TargetMs).DefaultIfEmpty(0).Max()).Where(target => target > 0).Distinct()
            .Order().ToList();
        foreach (var target in targets)
        {
            var line = Line([from, to], [target, target], FigureStyle.Neutral, 1.2, FormattableString.Invariant($"target {target:0.#} ms"));
            line.LineStyle = LineStyle.Dash;
            plot.Series.Add(line);
        }
    }

    /// <summary>Slow start and the slowdowns of LEDBAT++, behind the lines.</summary>
    private void ShadePhases(PlotModel plot)
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
                var fill = FigureStyle.Faint(FigureStyle.ColourOf(legend == "slowdown" ? 4 : 2), PhaseAlpha);
                plot.Annotations.Add(new RectangleAnnotation { MinimumX = begin, MaximumX = end, Fill = fill, Layer = AnnotationLayer.BelowSeries });
                if (named.Add(legend))
                {
                    AddKey(plot, legend, fill, PhaseKeyWidth);
                }
            }
        }
    }
}

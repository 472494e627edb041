using OxyPlot;

namespace Utp.Tool.Plot;

/// <summary>Three panels over one time axis: congestion window, delay, rate. An SVG image.</summary>
internal sealed class Figure
{
    private readonly string _title;
    private readonly IReadOnlyList<Flow> _flows;
    private readonly double _from;
    private readonly double _to;

    public Figure(string title, IReadOnlyList<Flow> flows, TimeRange range)
    {
        _title = FigureStyle.Printable(title);
        _flows = flows;
        _from = range.From ?? 0;
        _to = range.To ?? Math.Max(flows.Max(flow => flow.Connection.Samples[^1].Seconds + flow.OffsetSeconds), _from + 0.001);
    }

    public void Write(Stream stream, int width, int height)
    {
        var measurer = new WideTextMeasurer(width, height);
        using var svg = new SvgRenderContext(stream, width, height, isDocument: true, measurer, OxyColors.White, useVerticalTextAlignmentWorkaround: true);
        var titlePosition = new ScreenPoint(FigureStyle.LeftMargin, FigureStyle.TitleHeight - 8);
        svg.DrawText(titlePosition, _title, FigureStyle.Ink, FigureStyle.Font, FigureStyle.TitleSize, FontWeights.Bold, 0, HorizontalAlignment.Left,
            VerticalAlignment.Bottom, null);
        var panels = new FigurePanels(_flows, _from, _to);
        Action<PlotModel>[] contents = [panels.DrawWindow, panels.DrawDelay, panels.DrawRate];
        var dataHeight = (height - FigureStyle.TitleHeight - FigureStyle.TimeAxisHeight) / contents.Length;
        var top = FigureStyle.TitleHeight;
        foreach (var content in contents)
        {
            var isLast = content == contents[^1];
            var panelHeight = dataHeight + (isLast ? FigureStyle.TimeAxisHeight : 0);
            IPlotModel panel = CreatePanel(content, isLast);
            panel.Update(updateData: true);
            panel.Render(svg, new OxyRect(0, top, width, panelHeight));
            top += panelHeight;
        }

        svg.Complete();
        svg.Flush();
    }

    private PlotModel CreatePanel(Action<PlotModel> content, bool isLast)
    {
        var model = new PlotModel();
        model.Axes.Add(FigureStyle.TimeAxis(_from, _to, isLast));
        content(model);
        FigureStyle.Apply(model, isLast);
        return model;
    }
}

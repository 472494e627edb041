using ScottPlot;

namespace Utp.Tool.Plot;

/// <summary>Readable fonts, thin lines, no frame where there is no axis.</summary>
internal static class FigureStyle
{
    public const float TitleHeight = 34;
    public const float TitleSize = 18;
    public const float TimeAxisHeight = 44;
    public const float LeftPadding = 84;
    public const string InkHex = "#333333";

    private const float LabelSize = 15;
    private const float TickSize = 13;
    private const float RightPadding = 24;
    private const float LegendHeight = 34;
    private const float BottomPadding = 8;

    private static readonly Color Ink = Color.FromHex(InkHex);
    private static readonly Color Faint = Color.FromHex("#E4E4E4");

    /// <summary>Okabe and Ito: told apart by people who see colours differently, too.</summary>
    private static readonly string[] Colours = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999"];

    public static Color Neutral { get; } = Color.FromHex("#6E6E6E");

    public static Color ColourOf(int flow) => Color.FromHex(Colours[flow % Colours.Length]);

    public static void Apply(ScottPlot.Plot plot, string font, double from, double to, bool isLast)
    {
        plot.Font.Set(font);
        plot.FigureBackground.Color = Colors.Transparent;
        plot.Axes.SetLimitsX(from, to);
        plot.Layout.Fixed(new PixelPadding(LeftPadding, RightPadding, isLast ? TimeAxisHeight + BottomPadding : BottomPadding, LegendHeight));
        plot.Grid.MajorLineColor = Faint;
        plot.Axes.Right.FrameLineStyle.Width = 0;
        plot.Axes.Top.FrameLineStyle.Width = 0;
        plot.Axes.Title.IsVisible = false;
        StyleAxis(plot.Axes.Left);
        StyleAxis(plot.Axes.Bottom);
        plot.Axes.Left.Label.FontSize = plot.Axes.Bottom.Label.FontSize = LabelSize;
        plot.Axes.Left.Label.Bold = plot.Axes.Bottom.Label.Bold = false;
        plot.Axes.Left.Label.ForeColor = plot.Axes.Bottom.Label.ForeColor = Ink;
        if (isLast)
        {
            plot.XLabel("Time (s)", LabelSize);
            plot.Axes.Bottom.Label.Bold = false;
        }
        else
        {
            plot.Axes.Bottom.TickLabelStyle.IsVisible = false;
        }

        StyleLegend(plot);
    }

    private static void StyleAxis(IAxis axis)
    {
        axis.TickLabelStyle.FontSize = TickSize;
        axis.TickLabelStyle.ForeColor = Ink;
        axis.FrameLineStyle.Width = 1;
        axis.FrameLineStyle.Color = Neutral;
        axis.MajorTickStyle.Length = 4;
        axis.MajorTickStyle.Color = Neutral;
        axis.MinorTickStyle.Length = 0;
    }

    /// <summary>Above the data, not on it.</summary>
    private static void StyleLegend(ScottPlot.Plot plot)
    {
        var legend = plot.Legend;
        legend.Orientation = Orientation.Horizontal;
        legend.FontSize = TickSize;
        legend.FontColor = Ink;
        legend.OutlineWidth = 0;
        legend.ShadowColor = Colors.Transparent;
        legend.BackgroundColor = Colors.Transparent;
        legend.SymbolWidth = 26;
        legend.TightHorizontalWrapping = true;
        legend.InterItemPadding = new PixelPadding(10, 10, 2, 2);
        plot.ShowLegend(Edge.Top).Alignment = Alignment.LowerLeft;
    }
}

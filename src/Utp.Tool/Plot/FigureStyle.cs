using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Legends;

namespace Utp.Tool.Plot;

/// <summary>Readable fonts, thin lines, no frame where there is no axis.</summary>
internal static class FigureStyle
{
    public const double TitleHeight = 34;
    public const double TitleSize = 18;
    public const double TimeAxisHeight = 44;
    public const double LeftMargin = 84;

    /// <summary>Browsers take the first family that their system has.</summary>
    public const string Font = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif";

    private const double LabelSize = 15;
    private const double TickSize = 13;
    private const double RightMargin = 24;
    private const double LegendHeight = 34;
    private const double BottomMargin = 8;

    /// <summary>Pixels between two values of an axis, about.</summary>
    private const double ValueInterval = 25;

    /// <summary>Okabe and Ito: told apart by people who see colours differently, too.</summary>
    private static readonly OxyColor[] Colours = Array.ConvertAll(
        ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999"], OxyColor.Parse);

    private static readonly OxyColor Grid = OxyColor.Parse("#E4E4E4");

    public static OxyColor Ink { get; } = OxyColor.Parse("#333333");

    public static OxyColor Neutral { get; } = OxyColor.Parse("#6E6E6E");

    public static OxyColor ColourOf(int flow) => Colours[flow % Colours.Length];

    /// <summary>The color with a share of its opacity.</summary>
    public static OxyColor Faint(OxyColor color, double alpha) => OxyColor.FromAColor((byte)(alpha * 255), color);

    /// <summary>The text without characters that XML cannot contain.</summary>
    public static string Printable(string text) => string.Concat(text.EnumerateRunes().Where(rune => !System.Text.Rune.IsControl(rune)));

    public static Axis TimeAxis(double from, double to, bool isLabelled)
    {
        var axis = StyledAxis(AxisPosition.Bottom, isLabelled ? "Time (s)" : null, from, to);
        if (!isLabelled)
        {
            axis.LabelFormatter = _ => string.Empty;
        }

        return axis;
    }

    public static Axis ValueAxis(string title, double max)
    {
        var axis = StyledAxis(AxisPosition.Left, title, 0, max);
        axis.IntervalLength = ValueInterval;
        return axis;
    }

    /// <summary>The legend is above the data, not on it.</summary>
    public static void Apply(PlotModel model, bool isLast)
    {
        var hasLegend = model.Series.Any(series => series.Title is not null);
        model.DefaultFont = Font;
        model.Padding = new OxyThickness(0);
        model.PlotAreaBorderThickness = new OxyThickness(0);
        model.PlotMargins = new OxyThickness(LeftMargin, hasLegend ? 0 : LegendHeight, RightMargin, BottomMargin + (isLast ? TimeAxisHeight : 0));
        if (hasLegend)
        {
            model.Legends.Add(new Legend
            {
                LegendPosition = LegendPosition.TopLeft,
                LegendPlacement = LegendPlacement.Outside,
                LegendOrientation = LegendOrientation.Horizontal,
                LegendTextColor = Ink,
                LegendFontSize = TickSize,
                LegendSymbolLength = 26,
                LegendItemSpacing = 20,
                LegendMargin = 0,
                LegendPadding = (LegendHeight - TickSize) / 2 - 2,
            });
        }
    }

    private static LinearAxis StyledAxis(AxisPosition position, string? title, double min, double max) => new()
    {
        Position = position,
        Title = title,
        TitleFontSize = LabelSize,
        TitleColor = Ink,
        AxisTitleDistance = 12,
        Minimum = min,
        Maximum = max,
        FontSize = TickSize,
        TextColor = Ink,
        AxislineStyle = LineStyle.Solid,
        AxislineColor = Neutral,
        TicklineColor = Neutral,
        MajorTickSize = 4,
        MinorTickSize = 0,
        MajorGridlineStyle = LineStyle.Solid,
        MajorGridlineColor = Grid,
    };
}

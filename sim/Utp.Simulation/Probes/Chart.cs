using System.Globalization;
using System.Text;

namespace Utp.Simulation.Probes;

/// <summary>Panels of lines over time, one above the other, as a scalable drawing that a review can compare line by line.</summary>
internal sealed class Chart(string title, double seconds)
{
    private const int Width = 900;
    private const int Left = 60;
    private const int Right = 20;
    private const int Top = 46;
    private const int PanelHeight = 170;
    private const int PanelGap = 44;
    private const int GridLines = 4;
    private const int LegendSpacing = 65;

    /// <summary>Colours that people with colour blindness can distinguish, too (Okabe and Ito).</summary>
    private static readonly string[] Colours = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999"];

    private readonly StringBuilder _panels = new();
    private int _panelCount;

    private int PanelTop => Top + (_panelCount * (PanelHeight + PanelGap));

    /// <param name="label">The quantity, and its unit.</param>
    /// <param name="most">The upper end of the axis; higher values are cut off.</param>
    /// <param name="lines">Evenly spaced values over the whole time of the chart.</param>
    public Chart Add(string label, double most, params ReadOnlySpan<(string Name, IReadOnlyList<double> Values)> lines)
    {
        Text(Left, PanelTop - 8, label, "start", "#222");
        for (var i = 0; i <= GridLines; i++)
        {
            var y = Y(most * i / GridLines, most);
            _panels.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Left}\" y1=\"{y:F1}\" x2=\"{Width - Right}\" y2=\"{y:F1}\" stroke=\"#ddd\"/>\n");
            Text(Left - 6, y + 4, (most * i / GridLines).ToString("0.##", CultureInfo.InvariantCulture), "end", "#555");
        }

        for (var i = 0; i <= 10; i++)
        {
            Text(Left + ((Width - Left - Right) * i / 10.0), PanelTop + PanelHeight + 16,
                (seconds * i / 10).ToString("0.#", CultureInfo.InvariantCulture), "middle", "#555");
        }

        for (var i = 0; i < lines.Length; i++)
        {
            Line(lines[i].Values, most, Colours[i % Colours.Length]);
            Text(Width - Right - ((lines.Length - 1 - i) * LegendSpacing), PanelTop - 8, lines[i].Name, "end", Colours[i % Colours.Length]);
        }

        _panelCount++;
        return this;
    }

    public void Save(string file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, ToString());
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {PanelTop - PanelGap + 34}\" font-family=\"sans-serif\" font-size=\"12\">\n"
        + $"<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n<text x=\"{Left}\" y=\"20\" font-size=\"15\" "
            + $"font-weight=\"bold\">{title}</text>\n{_panels}</svg>\n");

    private void Line(IReadOnlyList<double> values, double most, string colour)
    {
        _panels.Append(CultureInfo.InvariantCulture, $"<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.4\" points=\"");
        for (var i = 0; i < values.Count; i++)
        {
            var x = Left + ((Width - Left - Right) * (i + 0.5) / values.Count);
            _panels.Append(CultureInfo.InvariantCulture, $"{x:F1},{Y(Math.Min(values[i], most), most):F1} ");
        }

        _panels.Append("\"/>\n");
    }

    private double Y(double value, double most) => PanelTop + PanelHeight - (PanelHeight * value / most);

    private void Text(double x, double y, string text, string anchor, string colour) =>
        _panels.Append(CultureInfo.InvariantCulture, $"<text x=\"{x:F1}\" y=\"{y:F1}\" text-anchor=\"{anchor}\" fill=\"{colour}\">{text}</text>\n");
}

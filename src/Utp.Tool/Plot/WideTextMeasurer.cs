using OxyPlot;

namespace Utp.Tool.Plot;

/// <summary>
/// Measures text with the widths of Helvetica, so that a figure needs no fonts of this system. The system that shows the figure may have a wider font:
/// the measurer adds half, which covers DejaVu Sans.
/// </summary>
internal sealed class WideTextMeasurer(double width, double height) : PdfRenderContext(width, height, OxyColors.White)
{
    private const double Widening = 1.5;

    public override OxySize MeasureText(string text, string fontFamily, double fontSize, double fontWeight)
    {
        var size = base.MeasureText(text, fontFamily, fontSize, fontWeight);
        return new OxySize(size.Width * Widening, size.Height);
    }
}

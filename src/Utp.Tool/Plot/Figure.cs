using ScottPlot;
using SkiaSharp;

namespace Utp.Tool.Plot;

internal enum FigureFormat
{
    Png,
    Svg,
}

/// <summary>Three panels over one time axis: congestion window, delay, rate.</summary>
internal sealed class Figure
{
    private static readonly string[] FontNames = ["Inter", "Noto Sans", "Segoe UI", "Helvetica Neue", "DejaVu Sans", "Liberation Sans", "Arial"];

    private readonly string _title;
    private readonly IReadOnlyList<Flow> _flows;
    private readonly double _from;
    private readonly double _to;
    private readonly string _font;

    public Figure(string title, IReadOnlyList<Flow> flows, TimeRange range)
    {
        _title = title;
        _flows = flows;
        _from = range.From ?? 0;
        _to = range.To ?? Math.Max(flows.Max(flow => flow.Connection.Samples[^1].Seconds + flow.OffsetSeconds), _from + 0.001);
        using var fonts = SKFontManager.CreateDefault();
        var families = fonts.FontFamilies.ToHashSet(StringComparer.OrdinalIgnoreCase);
        HasFonts = families.Count > 0;
        _font = FontNames.FirstOrDefault(families.Contains) ?? families.FirstOrDefault() ?? Fonts.Default;
    }

    public bool HasFonts { get; }

    public void Write(Stream stream, FigureFormat format, int width, int height)
    {
        if (format == FigureFormat.Svg)
        {
            using var canvas = SKSvgCanvas.Create(new SKRect(0, 0, width, height), stream);
            Draw(canvas, width, height);
            return;
        }

        using var surface = SKSurface.Create(new SKImageInfo(width, height));
        Draw(surface.Canvas, width, height);
        using var image = surface.Snapshot();
        using var data = image.Encode(SKEncodedImageFormat.Png, quality: 100);
        data.SaveTo(stream);
    }

    private void Draw(SKCanvas canvas, int width, int height)
    {
        canvas.Clear(SKColors.White);
        DrawTitle(canvas);
        var panels = new FigurePanels(_flows, _from, _to);
        Action<ScottPlot.Plot>[] contents = [panels.DrawWindow, panels.DrawDelay, panels.DrawRate];
        var dataHeight = (height - FigureStyle.TitleHeight - FigureStyle.TimeAxisHeight) / contents.Length;
        var top = FigureStyle.TitleHeight;
        for (var i = 0; i < contents.Length; i++)
        {
            var isLast = i == contents.Length - 1;
            var bottom = top + dataHeight + (isLast ? FigureStyle.TimeAxisHeight : 0);
            using var plot = new ScottPlot.Plot();
            contents[i](plot);
            FigureStyle.Apply(plot, _font, _from, _to, isLast);

            // A first rendering measures, and is followed by a second; only the last shall be in the picture.
            plot.RenderInMemory(width, (int)(bottom - top));
            plot.RenderManager.ClearCanvasBeforeEachRender = false;
            plot.Render(canvas, new PixelRect(0, width, bottom, top));
            top = bottom;
        }
    }

    private void DrawTitle(SKCanvas canvas)
    {
        using var typeface = SKTypeface.FromFamilyName(_font, SKFontStyle.Bold);
        using var font = new SKFont(typeface, FigureStyle.TitleSize);
        using var paint = new SKPaint { Color = SKColor.Parse(FigureStyle.InkHex), IsAntialias = true };
        canvas.DrawText(_title, FigureStyle.LeftPadding, FigureStyle.TitleHeight - 8, SKTextAlign.Left, font, paint);
    }
}

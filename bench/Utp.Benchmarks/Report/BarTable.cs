using System.Globalization;
using System.Text;
using Utp.Benchmarks.Compare;

namespace Utp.Benchmarks.Report;

/// <summary>Writes the important ratios, beside their required values.</summary>
internal static class BarTable
{
    public static string Render(CompareResults results)
    {
        var text = new StringBuilder();
        text.AppendLine("| Measure | Ratio | Bar | Aim | |");
        text.AppendLine("|---|---|---|---|---|");
        foreach (var bar in Bar.All)
        {
            if (bar.ValueIn(results) is { } value)
            {
                var verdict = bar.IsAimReached(value) ? "aim" : bar.Holds(value) ? "holds" : "**missed**";
                var sign = bar.IsCeiling ? "at most " : "at least ";
                text.AppendLine(CultureInfo.InvariantCulture,
                    $"| {bar.Name} | {Format(bar, value)} | {sign}{Format(bar, bar.Limit)} | {(bar.Aim is { } aim ? Format(bar, aim) : string.Empty)} "
                    + $"| {verdict} |");
            }
        }

        return text.ToString();
    }

    private static string Format(Bar bar, double value) => bar.Unit switch
    {
        "x" => string.Create(CultureInfo.InvariantCulture, $"{value:F2} x"),
        "%" => string.Create(CultureInfo.InvariantCulture, $"{value * 100:0.#} %"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{value:N0} {bar.Unit}"),
    };
}

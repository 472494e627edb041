using Utp.Benchmarks.Compare;

namespace Utp.Benchmarks.Report;

/// <summary>
/// Writes the tables made from a comparison's JSON between the markers of Markdown files, so that figures are generated and never typed.
/// </summary>
internal static class ReportCommand
{
    private const string End = "<!-- end of generated figures -->";

    public static int Run(string[] args)
    {
        if (args.Length < 2)
        {
            throw new ArgumentException(
                "report FILE.json FILE.md...: the results of compare, and files with the markers <!-- figures: bars --> or <!-- figures: all -->.");
        }

        var results = CompareResults.Read(args[0]);
        foreach (var path in args[1..])
        {
            var text = File.ReadAllText(path);
            text = Replace(text, "<!-- figures: bars -->", MeasureTable.Machine(results) + "\n\n" + BarTable.Render(results), out var hasBars);
            text = Replace(text, "<!-- figures: all -->", MeasureTable.Render(results), out var hasAll);
            if (!hasBars && !hasAll)
            {
                throw new ArgumentException($"{path} has none of the markers <!-- figures: bars --> and <!-- figures: all -->.");
            }

            File.WriteAllText(path, text);
        }

        return 0;
    }

    private static string Replace(string text, string marker, string content, out bool found)
    {
        var start = text.IndexOf(marker, StringComparison.Ordinal);
        found = start >= 0;
        if (!found)
        {
            return text;
        }

        start += marker.Length;
        var end = text.IndexOf(End, start, StringComparison.Ordinal);
        return end >= 0
            ? text[..start] + "\n" + content.TrimEnd() + "\n" + text[end..]
            : throw new ArgumentException($"The marker {marker} lacks its end, {End}.");
    }
}

using System.Globalization;
using System.Text.RegularExpressions;

namespace Utp.Tidy.Tests;

/// <summary>What documents say about files.</summary>
public sealed partial class DocumentTests
{
    [Fact]
    public void Links_BetweenDocuments_LeadToFiles()
    {
        var links = RepositoryFiles.All.Where(path => path.EndsWith(".md", StringComparison.Ordinal))
            .SelectMany(path => Link().Matches(File.ReadAllText(RepositoryFiles.FullPath(path))).Select(match => (Path: path, Target: match.Groups[1].Value)))
            .Where(link => !link.Target.Contains("://", StringComparison.Ordinal))
            .ToList();

        Assert.True(links.Count > 20, "The documents have too few links: the search is wrong.");
        Breaches.AssertNone(links
            .Where(link => !Path.Exists(Path.Combine(Path.GetDirectoryName(RepositoryFiles.FullPath(link.Path))!, link.Target)))
            .Select(link => $"{link.Path} links to {link.Target}, which does not exist. Correct the link."));
    }

    [Fact]
    public void ReadingOrder_StatesTheLengthsOfItsFiles()
    {
        const double Tolerance = 0.25;
        var rows = ReadingRow().Matches(File.ReadAllText(RepositoryFiles.FullPath("docs/reading-order.md")))
            .Select(match => (Path: match.Groups[1].Value, Lines: int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture)))
            .ToList();

        Assert.True(rows.Count >= 10, "docs/reading-order.md has too few rows, or their form has changed.");
        Breaches.AssertNone(rows.Select(row => (row.Path, row.Lines, Actual: LinesOf(row.Path)))
            .Where(row => Math.Abs(row.Actual - row.Lines) > Tolerance * row.Lines)
            .Select(row => $"docs/reading-order.md says that {row.Path} has {row.Lines} lines; it has {row.Actual}. "
                + "Correct the lines, the time and the sum in the title."));
    }

    private static int LinesOf(string path) => File.Exists(RepositoryFiles.FullPath(path)) ? File.ReadLines(RepositoryFiles.FullPath(path)).Count() : 0;

    [GeneratedRegex(@"\]\(([^)#\s]+)(?:#[^)]*)?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\| `([^`]+)` \| (\d+) \|")]
    private static partial Regex ReadingRow();
}

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

    [Fact]
    public void Rules_AreInTheFilesThatTheReadingOrderNames()
    {
        var rows = RuleRow().Matches(File.ReadAllText(RepositoryFiles.FullPath("docs/reading-order.md")))
            .Select(match => (Paths: Code().Matches(match.Groups[1].Value).Select(path => path.Groups[1].Value).ToList(), Member: match.Groups[2].Value))
            .ToList();

        Assert.True(rows.Count >= 12, "docs/reading-order.md has too few rules, or the form of its rows has changed.");
        Breaches.AssertNone(rows.SelectMany(row => row.Paths)
            .Where(path => !File.Exists(RepositoryFiles.FullPath(path)))
            .Select(path => $"docs/reading-order.md names {path}, which does not exist. Correct the path."));
        Breaches.AssertNone(rows
            .Where(row => !row.Paths.Exists(path => Regex.IsMatch(File.ReadAllText(RepositoryFiles.FullPath(path)), $@"\b{row.Member}\b")))
            .Select(row => $"docs/reading-order.md says that {row.Member} is in {string.Join(" or ", row.Paths)}. It is not. Correct the row."));
    }

    private static int LinesOf(string path) => File.Exists(RepositoryFiles.FullPath(path)) ? File.ReadLines(RepositoryFiles.FullPath(path)).Count() : 0;

    [GeneratedRegex(@"\]\(([^)#\s]+)(?:#[^)]*)?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\| `([^`]+)` \| (\d+) \|")]
    private static partial Regex ReadingRow();

    [GeneratedRegex(@"(?m)^\| [^|]+\? \| ([^|]+) \| `(\w+)` \|$")]
    private static partial Regex RuleRow();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();
}

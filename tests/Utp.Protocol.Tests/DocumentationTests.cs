using System.Globalization;
using System.Text.RegularExpressions;

namespace Utp.Protocol.Tests;

/// <summary>What the documents claim of the tests and of the source.</summary>
public sealed partial class DocumentationTests
{
    [Theory]
    [InlineData("docs/deviations.md", 25)]
    [InlineData("tests/Utp.Protocol.Tests/checklist.md", 50)]
    public void EveryTestThatIsNamed_Exists(string document, int atLeast)
    {
        var named = TestName().Matches(File.ReadAllText(Path.Combine(Repository.Root, document)))
            .Select(m => (Class: m.Groups[1].Value, Method: m.Groups[2].Value)).ToHashSet();
        var sources = Sources("tests").Select(File.ReadAllText).ToList();

        var missing = named.Where(
            n => !sources.Exists(s => s.Contains($"class {n.Class}", StringComparison.Ordinal) && s.Contains($" {n.Method}(", StringComparison.Ordinal)));

        Assert.Empty(missing);
        Assert.True(named.Count >= atLeast, $"only {named.Count} tests are named");
    }

    [Fact]
    public void EveryRemarkInTheSource_HasARowInDeviations()
    {
        var rows = File.ReadAllLines(Path.Combine(Repository.Root, "docs/deviations.md")).Where(l => l.StartsWith('|')).ToList();
        var remarks = Sources("src").Select(f => (File: Path.GetFileName(f), Count: Remark().Count(File.ReadAllText(f)))).Where(r => r.Count > 0).ToList();

        Assert.NotEmpty(remarks);
        foreach (var (file, count) in remarks)
        {
            Assert.True(rows.Count(r => r.Contains($"`{file}`", StringComparison.Ordinal)) == count,
                $"{file} has {count} remarks; docs/deviations.md must have as many rows that name it");
        }
    }

    [Fact]
    public void EveryPitfall_HasOneTestClass()
    {
        var numbers = typeof(DocumentationTests).Assembly.GetTypes()
            .SelectMany(type => type.GetCustomAttributesData())
            .Where(data => data.AttributeType == typeof(TraitAttribute) && (string?)data.ConstructorArguments[0].Value == "Pitfall")
            .Select(data => (string?)data.ConstructorArguments[1].Value);

        Assert.Equal(Enumerable.Range(1, 25).Select(i => i.ToString("D2", CultureInfo.InvariantCulture)), numbers.Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> Sources(string folder) => Directory
        .EnumerateFiles(Path.Combine(Repository.Root, folder), "*.cs", SearchOption.AllDirectories)
        .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal));

    [GeneratedRegex(@"`(\w+)\.(\w+_\w+)`")]
    private static partial Regex TestName();

    [GeneratedRegex("(Deviation|Interop):")]
    private static partial Regex Remark();
}

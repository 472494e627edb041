using System.Text.RegularExpressions;

namespace Utp.Consumers.Tests;

/// <summary>The code in documents is code that compiles here, in a sample or in a test.</summary>
public sealed class DocumentTests
{
    [Theory]
    [InlineData("consumers.md", 10)]
    [InlineData("metrics.md", 1)]
    public void CSharp_IsQuotedFromSourcesThatCompile(string document, int atLeast)
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "docs", document)).ReplaceLineEndings("\n");
        var blocks = Regex.Matches(text, "^```csharp\n(.*?)\n```$", RegexOptions.Singleline | RegexOptions.Multiline)
            .Select(match => match.Groups[1].Value)
            .ToList();
        string[] folders = [Path.Combine("tests", "Utp.Consumers.Tests"), Path.Combine("samples", "OrleansOverUtp")];
        var sources = folders
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.cs", SearchOption.AllDirectories))
            .Where(path => !path.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Select(path => WithoutIndentation(File.ReadAllText(path).ReplaceLineEndings("\n")))
            .ToList();

        Assert.True(blocks.Count >= atLeast, $"{document} has {blocks.Count} blocks.");
        Assert.All(blocks, block => Assert.Contains(sources, source => source.Contains(WithoutIndentation(block), StringComparison.Ordinal)));
    }

    private static string WithoutIndentation(string code) => Regex.Replace(code, "^ +", string.Empty, RegexOptions.Multiline);
}

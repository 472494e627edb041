using System.Text.RegularExpressions;

namespace Utp.Docs.Tests;

/// <summary>A fenced block of a document.</summary>
/// <param name="Path">The document, from the root of the repository.</param>
/// <param name="Line">The line of its first fence, from 1.</param>
/// <param name="Language">What the fence says; empty when it says nothing.</param>
/// <param name="Note">The HTML comment on the line before the fence; null when there is none.</param>
/// <param name="Text">The lines between the fences.</param>
internal sealed partial record CodeBlock(string Path, int Line, string Language, string? Note, string Text)
{
    /// <summary>All blocks of all documents.</summary>
    public static IReadOnlyList<CodeBlock> All { get; } =
        [.. RepositoryFiles.All.Where(path => path.EndsWith(".md", StringComparison.Ordinal)).SelectMany(path => Read(path))];

    public static CodeBlock At(string path, int line) => All.Single(block => block.Path == path && block.Line == line);

    /// <summary>The blocks of a language, as the arguments of a theory.</summary>
    public static TheoryData<string, int> PlacesOf(string language)
    {
        var places = new TheoryData<string, int>();
        foreach (var block in All.Where(block => block.Language == language))
        {
            places.Add(block.Path, block.Line);
        }

        return places;
    }

    public override string ToString() => $"{Path}:{Line}";

    private static IEnumerable<CodeBlock> Read(string path)
    {
        var text = File.ReadAllText(RepositoryFiles.FullPath(path)).ReplaceLineEndings("\n");
        return Fences().Matches(text).Select(match => new CodeBlock(
            path,
            text.AsSpan(0, match.Groups["fence"].Index).Count('\n') + 1,
            match.Groups["language"].Value,
            match.Groups["note"] is { Success: true } note ? note.Value : null,
            match.Groups["text"].Value));
    }

    [GeneratedRegex(@"^(?:<!-- (?<note>.*?) -->\n)?(?<fence>```)(?<language>\S*)\n(?<text>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fences();
}

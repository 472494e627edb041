namespace Utp.Tidy.Tests;

/// <summary>Which files are in the repository.</summary>
public sealed class FileTests
{
    private const long MaxFileBytes = 256 * 1024;

    private static readonly string[] Types =
    [
        ".cs", ".csproj", ".sln", ".props", ".targets", ".json", ".txt", ".md", ".svg", ".png", ".sh", ".js", ".proto", ".py",
    ];

    /// <summary>Files without an extension, or with a name that tools prescribe.</summary>
    private static readonly string[] Names = [".editorconfig", ".gitattributes", ".gitignore", ".npmrc", "LICENSE", "run", "repeat"];

    [Fact]
    public void Files_AreOfKnownTypes()
    {
        var unknown = RepositoryFiles.All
            .Where(path => !Types.Contains(Path.GetExtension(path), StringComparer.Ordinal) && !Names.Contains(Path.GetFileName(path), StringComparer.Ordinal))
            .Select(path => $"{path} is of a type that the repository does not have. Remove it, or add its type to {nameof(FileTests)}.");

        Breaches.AssertNone(unknown);
    }

    [Fact]
    public void Files_AreAtMost256KiB()
    {
        var large = RepositoryFiles.All.Select(path => (Path: path, new FileInfo(RepositoryFiles.FullPath(path)).Length))
            .Where(file => file.Length > MaxFileBytes)
            .Select(file => $"{file.Path} has {file.Length} bytes. Make it smaller, or generate it: at most {MaxFileBytes}.");

        Breaches.AssertNone(large);
    }

    [Fact]
    public void Sources_HaveNoNotesToLater()
    {
        // Split, because this file is a source too.
        string[] notes = ["TO" + "DO", "FIX" + "ME", "XX" + "X:"];
        var found = RepositoryFiles.CSharp
            .SelectMany(path => File.ReadLines(RepositoryFiles.FullPath(path)).Select((line, index) => (Path: path, Line: line, Number: index + 1)))
            .Where(line => notes.Any(note => line.Line.Contains(note, StringComparison.Ordinal)))
            .Select(line => $"{line.Path}:{line.Number} has a note to later. Do it, or open an issue.");

        Breaches.AssertNone(found);
    }

    [Fact]
    public void Files_OfTheRepository_AreFound() => Assert.True(RepositoryFiles.Product.Count() > 200, "The product has too few files: the search is wrong.");
}

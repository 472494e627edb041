namespace Utp.Tidy.Tests;

/// <summary>Lengths of lines, files and methods.</summary>
public sealed class LayoutTests
{
    private const int MaxColumns = 160;
    private const int MaxFileLines = 300;
    private const int MaxMethodLines = 40;

    [Fact]
    public void Lines_AreAtMost160Columns()
    {
        var allowed = new ExceptionList("long-lines");
        var files = RepositoryFiles.CSharp.Select(path => (Path: path, Lines: LongLines(path))).Where(file => file.Lines.Count > 0).ToList();

        var breaches = files.Where(file => !allowed.Allows(file.Path, file.Lines.Count))
            .SelectMany(file => file.Lines.Select(line => $"{file.Path}:{line} is longer than {MaxColumns} columns. Wrap it."));

        Breaches.AssertNone(breaches);
        Breaches.AssertNone(allowed.NotNeeded(files.Select(file => file.Path)));
    }

    [Fact]
    public void FilesOfTheProduct_HaveAtMost300Lines()
    {
        var allowed = new ExceptionList("long-files");
        var files = RepositoryFiles.Product.Select(path => (Path: path, Lines: File.ReadLines(RepositoryFiles.FullPath(path)).Count()))
            .Where(file => file.Lines > MaxFileLines).ToList();

        var breaches = files.Where(file => !allowed.Allows(file.Path, file.Lines))
            .Select(file => $"{file.Path} has {file.Lines} lines. Split it by subject: at most {MaxFileLines}.");

        Breaches.AssertNone(breaches);
        Breaches.AssertNone(allowed.NotNeeded(files.Select(file => file.Path)));
    }

    [Fact]
    public void MethodsOfTheProduct_HaveAtMost40Lines()
    {
        var allowed = new ExceptionList("long-methods");
        var methods = RepositoryFiles.Product.SelectMany(path => SourceCode.Methods(SourceCode.Parse(path)).Select(m => (Path: path, m.Name, m.Line, m.Length)))
            .Where(method => method.Length > MaxMethodLines).ToList();

        var breaches = methods.Where(method => !allowed.Allows(method.Name, method.Length))
            .Select(method =>
                $"{method.Path}:{method.Line} {method.Name} has {method.Length} lines. Take steps out into methods of their own: at most {MaxMethodLines}.");

        Breaches.AssertNone(breaches);
        Breaches.AssertNone(allowed.NotNeeded(methods.Select(method => method.Name)));
    }

    [Fact]
    public void Methods_OfTheFilesHere_AreFound()
    {
        var here = SourceCode.Parse("tests/Utp.Tidy.Tests/LayoutTests.cs");

        Assert.Contains(SourceCode.Methods(here), method => method is { Name: "LayoutTests.LongLines", Length: 4 });
    }

    private static List<int> LongLines(string path) =>
        [.. File.ReadLines(RepositoryFiles.FullPath(path))
            .Select((line, index) => (line.Length, Number: index + 1))
            .Where(line => line.Length > MaxColumns).Select(line => line.Number)];
}

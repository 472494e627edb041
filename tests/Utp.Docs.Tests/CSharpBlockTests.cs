using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Utp.Docs.Tests;

/// <summary>
/// The C# of every document compiles where the document says. The comment before a block is one of
/// <c>dotnet new TEMPLATE</c>: the block is Program.cs of such a project;
/// <c>dotnet new TEMPLATE; given TYPE NAME, ...</c>: the block is a part of it, after declarations of these variables;
/// <c>from PATH</c>: the block is in that file, which the build or a test compiles.
/// </summary>
public sealed partial class CSharpBlockTests
{
    public static TheoryData<string, int> Blocks => CodeBlock.PlacesOf("csharp");

    [Theory]
    [MemberData(nameof(Blocks))]
    public void Block_InTheTemplateThatItNames_Compiles(string path, int line)
    {
        var block = CodeBlock.At(path, line);
        var note = Form().Match(block.Note ?? string.Empty);
        Assert.True(note.Success,
            $"{block} names no template. Put '<!-- dotnet new web -->', or another form of {nameof(CSharpBlockTests)}, on the line before.");
        if (note.Groups["file"].Success)
        {
            AssertContains(note.Groups["file"].Value, block);
            return;
        }

        Assert.True(Template.All.TryGetValue(note.Groups["template"].Value, out var template), $"{block} names a template that is none of {nameof(Template)}.");
        Breaches.AssertNone(Errors(template, block, note.Groups["given"].Value));
    }

    [Fact]
    public void Blocks_OfTheDocuments_AreFound() => Assert.True(Blocks.Count > 8, "The documents have too few C# blocks: the search is wrong.");

    [Fact]
    public void Template_KnowsOnlyItsPackages() => Assert.All(
        [
            ("console", "Microsoft.AspNetCore.Builder.WebApplication.Create();"),
            ("console", "Microsoft.Extensions.Hosting.Host.CreateApplicationBuilder();"),
            ("console", "IServiceProvider? provider = null; IHost? host = null;"),
            ("worker", "Microsoft.AspNetCore.Builder.WebApplication.Create();"),
        ],
        wrong => Assert.NotEmpty(Errors(Template.All[wrong.Item1], new CodeBlock("x.md", 1, "csharp", null, wrong.Item2), string.Empty)));

    [Fact]
    public void Block_FromAFile_MustBeInIt()
    {
        const string Sample = "samples/EchoHost/EchoHandler.cs";
        var block = new CodeBlock("x.md", 1, "csharp", null, "if (received.IsCompleted || received.IsCanceled || flushed.IsCompleted)\n{\n    return;\n}\n");

        AssertContains(Sample, block);
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => AssertContains(Sample, block with { Text = "return;\n{\n" }));
    }

    private static IEnumerable<string> Errors(Template template, CodeBlock block, string given)
    {
        var implicitUsings = string.Join('\n', template.Usings.Select(name => $"global using {name};"));
        var compilation = CSharpCompilation.Create(
            "Documented",
            [CSharpSyntaxTree.ParseText(Program(block.Text, given)), CSharpSyntaxTree.ParseText(implicitUsings)],
            template.References,
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable));

        // The lines of the block are the lines of the program.
        return compilation.GetDiagnostics().Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)
            .Select(error => $"{block.Path}:{block.Line + 1 + error.Location.GetLineSpan().StartLinePosition.Line} {error.Id}: {error.GetMessage(null)}");
    }

    /// <summary>Declares the given variables after the usings, on the line of the first statement.</summary>
    private static string Program(string text, string given)
    {
        var declarations = string.Concat(given.Split(", ", StringSplitOptions.RemoveEmptyEntries).Select(variable => $"{variable} = default!; "));
        return Usings().Replace(text, usings => usings.Value + declarations, 1);
    }

    private static void AssertContains(string file, CodeBlock block)
    {
        var path = RepositoryFiles.FullPath(file);
        Assert.True(File.Exists(path), $"{block} is from {file}, which does not exist.");
        Assert.True(Trimmed(File.ReadAllText(path)).Contains(Trimmed(block.Text), StringComparison.Ordinal),
            $"{block} differs from {file}. Copy the lines from there; only their indentation and empty lines may differ.");
    }

    private static string Trimmed(string text) =>
        "\n" + string.Join('\n', text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)) + "\n";

    [GeneratedRegex("^(?:dotnet new (?<template>[a-z]+)(?:; given (?<given>.+))?|from (?<file>\\S+))$")]
    private static partial Regex Form();

    [GeneratedRegex(@"\A(?:using [\w.]+;\n|\n)*")]
    private static partial Regex Usings();
}

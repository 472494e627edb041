using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Utp.Tidy.Tests;

/// <summary>
/// The namespace of a file is the name of its project and its folders. Public types of Utp.Protocol and Utp.Transport are in Utp.Transport, and
/// extension classes in the namespace of what they extend.
/// </summary>
public sealed class NamespaceTests
{
    private const string PublicNamespace = "Utp.Transport";
    private static readonly string[] Published = ["Utp.Protocol", "Utp.Transport"];

    [Fact]
    public void Namespace_OfEveryFile_IsItsProjectAndFolders() => Breaches.AssertNone(RepositoryFiles.CSharp.Select(Breach).OfType<string>());

    private static string? Breach(string path)
    {
        var file = SourceCode.Parse(path);
        if (file.Members.OfType<BaseNamespaceDeclarationSyntax>().FirstOrDefault() is not { } declaration)
        {
            return path.EndsWith("/Program.cs", StringComparison.Ordinal) ? null : $"{path}:1 has no namespace. Add 'namespace {Expected(path)};'.";
        }

        var actual = declaration.Name.ToString();
        return actual == Expected(path) && !BelongsToTheUsers(path, declaration)
            || (actual == PublicNamespace && BelongsToTheUsers(path, declaration))
            || (actual.StartsWith("Microsoft.", StringComparison.Ordinal) && path.EndsWith("Extensions.cs", StringComparison.Ordinal))
            ? null
            : $"{path}:{SourceCode.LineOf(declaration)} is in {actual}. Move it to "
                + $"{(BelongsToTheUsers(path, declaration) ? PublicNamespace : Expected(path))}, or to the folder of its namespace.";
    }

    /// <summary>The part of a class that has "public" may be in another file, so that one part decides for all.</summary>
    private static bool BelongsToTheUsers(string path, BaseNamespaceDeclarationSyntax declaration) =>
        Published.Contains(path.Split('/')[1], StringComparer.Ordinal)
        && declaration.Members.OfType<MemberDeclarationSyntax>().FirstOrDefault() is { } first
        && first.Modifiers.Any(SyntaxKind.PublicKeyword);

    private static string Expected(string path) =>
        path.StartsWith("tests/Shared/", StringComparison.Ordinal) ? "Utp.Tests" : string.Join('.', path.Split('/')[1..^1]);
}

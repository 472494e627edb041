using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Utp.Tidy.Tests;

/// <summary>Syntax trees of C# files.</summary>
internal static class SourceCode
{
    private static readonly CSharpParseOptions Newest = new(LanguageVersion.Preview, DocumentationMode.None);

    public static CompilationUnitSyntax Parse(string path) =>
        CSharpSyntaxTree.ParseText(File.ReadAllText(RepositoryFiles.FullPath(path)), Newest, path).GetCompilationUnitRoot();

    /// <summary>The line on which the node begins, from 1; documentation and attributes do not count.</summary>
    public static int LineOf(SyntaxNodeOrToken node) => node.GetLocation()!.GetLineSpan().StartLinePosition.Line + 1;

    /// <summary>The name of a type with those around it.</summary>
    public static string NameOf(BaseTypeDeclarationSyntax type) =>
        string.Join('.', type.AncestorsAndSelf().OfType<BaseTypeDeclarationSyntax>().Reverse().Select(t => t.Identifier.Text));

    /// <summary>Methods, constructors, operators and accessors with a body, each with its name and how many lines it has, from its name to its end.</summary>
    public static IEnumerable<(string Name, int Line, int Length)> Methods(CompilationUnitSyntax file)
    {
        foreach (var node in file.DescendantNodes())
        {
            var first = node switch
            {
                MethodDeclarationSyntax method => method.Identifier,
                ConstructorDeclarationSyntax constructor => constructor.Identifier,
                OperatorDeclarationSyntax operation => operation.OperatorToken,
                AccessorDeclarationSyntax { Body: not null } accessor => accessor.Keyword,
                _ => default,
            };
            if (first == default || node.FirstAncestorOrSelf<BaseTypeDeclarationSyntax>() is not { } type)
            {
                continue;
            }

            var owner = (node.Parent?.Parent as PropertyDeclarationSyntax)?.Identifier.Text;
            var name = owner is null ? first.Text : $"{owner}.{first.Text}";
            var line = LineOf(first);
            yield return ($"{NameOf(type)}.{name}", line, node.GetLocation().GetLineSpan().EndLinePosition.Line + 2 - line);
        }
    }
}

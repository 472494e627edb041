using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Utp.Tidy.Tests;

/// <summary>
/// Members of the product that nothing in the product names. The check compares names only: a member whose name occurs elsewhere counts as used.
/// Members of the public API are for the users.
/// </summary>
public sealed class UnreferencedTests
{
    [Fact]
    public void Members_OfTheProduct_AreUsedByTheProduct()
    {
        var allowed = new ExceptionList("unreferenced");
        var files = RepositoryFiles.Product.Select(path => (Path: path, Root: SourceCode.Parse(path))).ToList();
        var occurrences = files.SelectMany(file => file.Root.DescendantTokens())
            .Where(token => token.IsKind(SyntaxKind.IdentifierToken))
            .GroupBy(token => token.ValueText, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.Count(), StringComparer.Ordinal);
        var published = PublishedNames();

        var declared =
            files.SelectMany(file => Members(file.Root).Select(member => (file.Path, member.Type, member.Name, Line: SourceCode.LineOf(member.Name)))).ToList();
        var declarations = declared.GroupBy(member => member.Name.ValueText, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);
        var unused = declared
            .Where(member => occurrences[member.Name.ValueText] == declarations[member.Name.ValueText] && !published.Contains(member.Name.ValueText))
            .Select(member => (member.Path, member.Line, FullName: $"{member.Type}.{member.Name.ValueText}"))
            .ToList();

        var breaches = unused.Where(member => !allowed.Contains(member.FullName))
            .Select(member =>
                $"{member.Path}:{member.Line} {member.FullName} is not used in src. Remove it, or list it with the reason in Exceptions/unreferenced.txt.");

        Breaches.AssertNone(breaches);
        Breaches.AssertNone(allowed.NotNeeded(unused.Select(member => member.FullName)));
    }

    /// <summary>Names that occur in the lists of the public API.</summary>
    private static HashSet<string> PublishedNames() =>
        RepositoryFiles.All.Where(path => Path.GetFileName(path).StartsWith("PublicAPI.", StringComparison.Ordinal))
            .SelectMany(path => File.ReadAllText(RepositoryFiles.FullPath(path))
                .Split([' ', '.', '(', ')', '<', '>', '?', '!', ',', '\n', '\r', '~', '-', '[', ']']))
            .ToHashSet(StringComparer.Ordinal);

    private static IEnumerable<(string Type, SyntaxToken Name)> Members(CompilationUnitSyntax file)
    {
        foreach (var type in file.DescendantNodes().OfType<BaseTypeDeclarationSyntax>())
        {
            var name = SourceCode.NameOf(type);
            if (type is EnumDeclarationSyntax enumeration)
            {
                foreach (var value in enumeration.Members)
                {
                    yield return (name, value.Identifier);
                }
            }

            foreach (var identifier in (type as TypeDeclarationSyntax)?.Members.SelectMany(Identifiers) ?? [])
            {
                yield return (name, identifier);
            }
        }
    }

    /// <summary>Not overrides and explicit implementations: what calls those knows another declaration.</summary>
    private static IEnumerable<SyntaxToken> Identifiers(MemberDeclarationSyntax member) => member switch
    {
        _ when member.Modifiers.Any(SyntaxKind.OverrideKeyword) => [],
        MethodDeclarationSyntax { ExplicitInterfaceSpecifier: null } method => [method.Identifier],
        PropertyDeclarationSyntax { ExplicitInterfaceSpecifier: null } property => [property.Identifier],
        FieldDeclarationSyntax field => field.Declaration.Variables.Select(variable => variable.Identifier),
        EventFieldDeclarationSyntax events => events.Declaration.Variables.Select(variable => variable.Identifier),
        _ => [],
    };
}

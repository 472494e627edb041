using System.Xml.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Utp.PackageCheck;

/// <summary>The documentation files of the packages: they name every public member, and none that users cannot call.</summary>
internal static class Documentation
{
    public static IEnumerable<string> Errors(Package[] packages)
    {
        var platform = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Select(path => MetadataReference.CreateFromFile(path));
        var ours = packages.ToDictionary(
            package => package,
            package => MetadataReference.CreateFromImage(package.Files[package.FilesEndingWith(".dll").Single()]));
        var compilation = CSharpCompilation.Create(
            "Check", references: [.. platform, .. ours.Values], options: new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        return packages.SelectMany(package => Errors(package, (IAssemblySymbol)compilation.GetAssemblyOrModuleSymbol(ours[package])!, compilation));
    }

    private static IEnumerable<string> Errors(Package package, IAssemblySymbol assembly, Compilation compilation)
    {
        var file = package.FilesEndingWith(".xml").Single(name => name.StartsWith("lib/", StringComparison.Ordinal));
        var documented = XDocument.Load(new MemoryStream(package.Files[file])).Descendants("member")
            .Select(member => member.Attribute("name")!.Value).ToHashSet();
        var hidden = documented.Where(id => !DocumentationCommentId.GetSymbolsForDeclarationId(id, compilation).Any(IsVisible));
        var undocumented = Types(assembly.GlobalNamespace).Where(IsVisible)
            .SelectMany(type => type.GetMembers().Where(NeedsDocumentation).Append(type))
            .Select(symbol => symbol.GetDocumentationCommentId()!)
            .Where(id => !documented.Contains(id));
        return [.. hidden.Select(id => $"{package.Id} documents {id}"), .. undocumented.Select(id => $"{package.Id} lacks {id}")];
    }

    private static IEnumerable<INamedTypeSymbol> Types(INamespaceOrTypeSymbol container) => container.GetMembers().OfType<INamespaceOrTypeSymbol>()
        .SelectMany(member => member is INamedTypeSymbol type ? Types(type).Prepend(type) : Types(member));

    private static bool IsVisible(ISymbol symbol) =>
        symbol.DeclaredAccessibility is Accessibility.Public or Accessibility.Protected or Accessibility.ProtectedOrInternal
        && (symbol.ContainingType is null || IsVisible(symbol.ContainingType));

    /// <summary>Not what the compiler writes, and not overrides, which have the documentation of their base.</summary>
    private static bool NeedsDocumentation(ISymbol member) =>
        IsVisible(member)
        && member is not INamedTypeSymbol
        && member is not IMethodSymbol { AssociatedSymbol: not null }
        && member is not IMethodSymbol { MethodKind: MethodKind.Constructor, Parameters.IsEmpty: true }
        && !member.IsImplicitlyDeclared
        && !member.IsOverride
        && !member.GetAttributes().Any(attribute => attribute.AttributeClass?.Name == "CompilerGeneratedAttribute");
}

using System.Text.RegularExpressions;

namespace Utp.Docs.Tests;

/// <summary>PACKAGE.md of each package is its page in a feed, which has no other file of the repository.</summary>
public sealed partial class PackagePageTests
{
    private static readonly string[] Pages = [.. RepositoryFiles.All.Where(path => Path.GetFileName(path) == "PACKAGE.md")];

    [Fact]
    public void Links_AreAbsolute() => Breaches.AssertNone(Pages
        .SelectMany(page => Link().Matches(File.ReadAllText(RepositoryFiles.FullPath(page))).Select(match => (Page: page, Target: match.Groups[1].Value)))
        .Where(link => !link.Target.StartsWith("https://", StringComparison.Ordinal))
        .Select(link => $"{link.Page} links to {link.Target}. A feed cannot follow it: remove the link, or make it absolute."));

    [Fact]
    public void Packages_HaveAPageEach() => Assert.Equal(
        RepositoryFiles.All.Where(path => path.StartsWith("src/", StringComparison.Ordinal) && path.EndsWith(".csproj", StringComparison.Ordinal))
            .Select(path => path[..path.LastIndexOf('/')] + "/PACKAGE.md").Order(StringComparer.Ordinal),
        Pages);

    [GeneratedRegex(@"\]\(([^)\s]+)")]
    private static partial Regex Link();
}

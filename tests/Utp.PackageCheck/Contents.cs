using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text;
using System.Text.RegularExpressions;

namespace Utp.PackageCheck;

/// <summary>What is in a package, apart from its documentation.</summary>
internal static partial class Contents
{
    private const string Floor = "10.0.0";
    private const int MaxToolBytes = 3 * 1024 * 1024;

    public static IEnumerable<string> PageErrors(Package package)
    {
        foreach (var (name, expected) in (ReadOnlySpan<(string, string)>)[("readme", "README.md"), ("icon", "icon.png"), ("license", "MIT")])
        {
            if (package.Text(name) != expected)
            {
                return [$"{package.Id}: {name} is '{package.Text(name)}', expected '{expected}'"];
            }
        }

        var missing = new[] { "README.md", "icon.png" }.Where(name => !package.Files.ContainsKey(name)).Select(name => $"{package.Id} lacks {name}");
        var links = Link().Matches(Encoding.UTF8.GetString(package.Files["README.md"])).Select(match => match.Groups[1].Value)
            .Where(link => !link.StartsWith("https://", StringComparison.Ordinal)).Select(link => $"{package.Id}: its README links to {link}");

        // A repository is known by its address on a server. A path of this machine must not be published.
        var repository = package.Element("repository");
        var url = repository?.Attribute("url")?.Value;
        var unpublished = url is null or "" || url.StartsWith("https://", StringComparison.Ordinal)
            ? [] : new[] { $"{package.Id}: the address of the repository is {url}" };
        return [.. missing, .. links, .. unpublished];
    }

    public static IEnumerable<string> DependencyErrors(Package package)
    {
        foreach (var dependency in package.Specification.Descendants().Where(element => element.Name.LocalName == "dependency"))
        {
            var (id, version) = (dependency.Attribute("id")!.Value, dependency.Attribute("version")!.Value);
            var expected = id.StartsWith("Utp.", StringComparison.Ordinal) ? $"[{package.Version}]" : Floor;
            if (version != expected)
            {
                yield return $"{package.Id} depends on {id} {version}, expected {expected}";
            }
        }
    }

    /// <summary>Folders of the build would tell users of another machine, and would make each build differ.</summary>
    public static IEnumerable<string> PathErrors(Package package, string root)
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var folders = new[] { root, home }.Where(folder => folder.Length > 2).Select(folder => Encoding.UTF8.GetBytes(folder.TrimEnd('/') + "/")).ToArray();
        foreach (var (name, content) in package.Files.Concat(package.Symbols))
        {
            if (Array.Exists(folders, folder => content.AsSpan().IndexOf(folder) >= 0))
            {
                yield return $"{package.Id}: {name} contains a folder of this machine";
            }

            if (name.EndsWith(".pdb", StringComparison.Ordinal) && IsOurs(name))
            {
                using var provider = MetadataReaderProvider.FromPortablePdbStream(new MemoryStream(content));
                var reader = provider.GetMetadataReader();
                foreach (var document in reader.Documents.Select(handle => reader.GetString(reader.GetDocument(handle).Name)))
                {
                    if (!document.StartsWith("/_", StringComparison.Ordinal))
                    {
                        yield return $"{package.Id}: {name} names {document}";
                    }
                }
            }
        }
    }

    public static IEnumerable<string> SymbolErrors(Package package)
    {
        foreach (var name in package.FilesEndingWith(".dll"))
        {
            using var assembly = new PEReader(new MemoryStream(package.Files[name]));
            if (!assembly.ReadDebugDirectory().Any(entry => entry.Type == DebugDirectoryEntryType.Reproducible))
            {
                yield return $"{package.Id}: {name} is not reproducible";
            }

            if (!package.Symbols.ContainsKey(Path.ChangeExtension(name, ".pdb")))
            {
                yield return $"{package.Id}: {name} has no symbols";
            }
        }
    }

    public static IEnumerable<string> SizeErrors(Package tool)
    {
        if (tool.Bytes > MaxToolBytes)
        {
            yield return $"{tool.Id} has {tool.Bytes} bytes, expected at most {MaxToolBytes}";
        }

        foreach (var name in tool.Files.Keys.Where(name => name.Contains("/native/", StringComparison.Ordinal)))
        {
            yield return $"{tool.Id} has the native library {name}";
        }
    }

    private static bool IsOurs(string name) => Path.GetFileName(name) is var file && (file.StartsWith("Utp.", StringComparison.Ordinal) || file == "utp.pdb");

    [GeneratedRegex(@"\]\(([^)\s]+)")]
    private static partial Regex Link();
}

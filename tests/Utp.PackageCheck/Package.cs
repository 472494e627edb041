using System.IO.Compression;
using System.Xml.Linq;

namespace Utp.PackageCheck;

/// <summary>A package with its symbol package, read whole.</summary>
internal sealed class Package
{
    private Package(string id, string path, IReadOnlyDictionary<string, byte[]> files, IReadOnlyDictionary<string, byte[]> symbols)
    {
        Id = id;
        Bytes = new FileInfo(path).Length;
        Files = files;
        Symbols = symbols;
        Specification = XDocument.Load(new MemoryStream(files[id + ".nuspec"])).Root!.Elements().Single();
    }

    public string Id { get; }

    public long Bytes { get; }

    /// <summary>By their names in the package.</summary>
    public IReadOnlyDictionary<string, byte[]> Files { get; }

    /// <summary>The files of the symbol package; empty when there is none.</summary>
    public IReadOnlyDictionary<string, byte[]> Symbols { get; }

    /// <summary>The metadata of the nuspec file.</summary>
    public XElement Specification { get; }

    public string Version => Text("version")!;

    /// <summary>The newest package of that id in the folder.</summary>
    public static Package Open(string folder, string id)
    {
        // The version begins with a digit, which tells Utp.Transport from Utp.Transport.AspNetCore.
        var path = Directory.EnumerateFiles(folder, id + ".*.nupkg").Where(file => char.IsDigit(Path.GetFileName(file)[id.Length + 1]))
            .MaxBy(File.GetLastWriteTimeUtc) ?? throw new FileNotFoundException($"There is no package {id} in {folder}.");
        var symbols = Path.ChangeExtension(path, ".snupkg");
        return new Package(id, path, Read(path), File.Exists(symbols) ? Read(symbols) : new Dictionary<string, byte[]>());
    }

    /// <summary>An element of the metadata; null when it is missing.</summary>
    public string? Text(string name) => Element(name)?.Value;

    public XElement? Element(string name) => Specification.Elements().FirstOrDefault(element => element.Name.LocalName == name);

    public IEnumerable<string> FilesEndingWith(string extension) => Files.Keys.Where(name => name.EndsWith(extension, StringComparison.Ordinal));

    private static Dictionary<string, byte[]> Read(string path)
    {
        using var zip = ZipFile.OpenRead(path);
        return zip.Entries.ToDictionary(entry => entry.FullName, entry =>
        {
            using var content = entry.Open();
            using var copy = new MemoryStream();
            content.CopyTo(copy);
            return copy.ToArray();
        });
    }
}

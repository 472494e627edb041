namespace Utp.Tool.Tests.Harness;

internal sealed class TemporaryDirectory : IDisposable
{
    public string FullName { get; } = Directory.CreateTempSubdirectory("utp-tool-").FullName;

    /// <summary>The files in it, hidden ones too.</summary>
    public string[] Names => [.. Directory.EnumerateFileSystemEntries(FullName).Select(Path.GetFileName).OfType<string>().Order(StringComparer.Ordinal)];

    public string this[string name] => Path.Combine(FullName, name);

    public string Create(string name, int size, int seed)
    {
        File.WriteAllBytes(this[name], RandomBytes.Create(size, seed));
        return this[name];
    }

    public void Dispose() => Directory.Delete(FullName, recursive: true);
}

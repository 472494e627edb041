namespace Utp.Tidy.Tests;

/// <summary>
/// Breaches that are known and may only become fewer. Each line of the file is a name, a space and the largest value that is allowed for it, or
/// the reason why it is right. Lines that begin with '#' are comments.
/// </summary>
internal sealed class ExceptionList
{
    private readonly string _path;
    private readonly Dictionary<string, string> _entries;

    public ExceptionList(string name)
    {
        _path = $"tests/Utp.Tidy.Tests/Exceptions/{name}.txt";
        _entries = File.ReadAllLines(RepositoryFiles.FullPath(_path))
            .Where(line => line.Length > 0 && line[0] != '#')
            .Select(line => line.Split(' ', 2))
            .ToDictionary(parts => parts[0], parts => parts.ElementAtOrDefault(1) ?? string.Empty, StringComparer.Ordinal);
    }

    /// <summary>Whether the name is listed, for whatever value.</summary>
    public bool Contains(string name) => _entries.ContainsKey(name);

    /// <summary>Whether the list allows the name this much.</summary>
    public bool Allows(string name, int value) =>
        _entries.TryGetValue(name, out var most) && value <= int.Parse(most, System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>One sentence for each entry that is no longer a breach.</summary>
    public IEnumerable<string> NotNeeded(IEnumerable<string> breaches) =>
        _entries.Keys.Except(breaches, StringComparer.Ordinal).Select(name => $"{name} is no breach any more (or does not exist). Remove it from {_path}.");
}

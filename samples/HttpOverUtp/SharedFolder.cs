namespace HttpOverUtp;

/// <summary>A file of the folder: its path with forward slashes, relative to the folder, and its size.</summary>
internal sealed record SharedFile(string Path, long Bytes);

/// <summary>The folder that is served, and nothing beside it: no path out of it, and no link, since links may lead out of it.</summary>
internal sealed class SharedFolder(string root)
{
    private static readonly EnumerationOptions Everything = new()
    {
        RecurseSubdirectories = true,
        IgnoreInaccessible = true,
        AttributesToSkip = FileAttributes.ReparsePoint,
    };

    private readonly string _root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root)) + Path.DirectorySeparatorChar;

    public string Root => _root;

    public IEnumerable<SharedFile> List() =>
        new DirectoryInfo(_root).EnumerateFiles("*", Everything)
            .Select(file => new SharedFile(Path.GetRelativePath(_root, file.FullName).Replace('\\', '/'), file.Length))
            .OrderBy(file => file.Path, StringComparer.Ordinal);

    /// <summary>The full path of a file that the list has, or null for everything else.</summary>
    public string? Find(string path)
    {
        var current = _root;
        foreach (var segment in path.Split('/'))
        {
            if (segment is "" or "." or ".." || segment.IndexOfAny(Path.GetInvalidFileNameChars()) >= 0)
            {
                return null;
            }

            current = Path.Combine(current, segment);
            if (!Path.Exists(current) || File.GetAttributes(current).HasFlag(FileAttributes.ReparsePoint))
            {
                return null;
            }
        }

        return File.Exists(current) ? current : null;
    }
}

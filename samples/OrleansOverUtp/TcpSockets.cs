namespace OrleansOverUtp;

/// <summary>Counts TCP sockets, to show that there are none.</summary>
internal static class TcpSockets
{
    private const int InodeColumn = 9;
    private static readonly string[] Tables = ["/proc/net/tcp", "/proc/net/tcp6"];

    /// <summary>Gets the number of TCP sockets of this process, listening ones included; -1 where the system has no /proc.</summary>
    public static int OfThisProcess()
    {
        if (!OperatingSystem.IsLinux())
        {
            return -1;
        }

        var tcp = Tables.Where(File.Exists)
            .SelectMany(File.ReadLines)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(columns => columns.Length > InodeColumn)
            .Select(columns => $"socket:[{columns[InodeColumn]}]")
            .ToHashSet(StringComparer.Ordinal);
        return Directory.EnumerateFiles("/proc/self/fd").Count(file => new FileInfo(file).LinkTarget is { } target && tcp.Contains(target));
    }
}

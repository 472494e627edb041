using System.Globalization;
using System.Text;

namespace Utp.Interop.Tests.Harness;

/// <summary>
/// The exchanges between other implementations and us, row by row. They are written beside the test assembly (interop-results.md) as the tests pass. When the
/// environment variable UTP_WRITE_DOCS is 1, they are also written into the marked part of docs/interop.md, where they replace rows of the same key
/// and leave the others. Otherwise each row has to be in that document already, so that it lists what is really tested.
/// </summary>
internal static class InteropTable
{
    private const string Libutp = "libutp (npm utp-native 2.5.3)";
    private const string Header = "| Peer | Exchange | Role | Path | Size | Took | Outcome |\n|---|---|---|---|---|---|---|\n";
    private const string Begin = "<!-- begin results -->";
    private const string End = "<!-- end results -->";

    private static readonly Lock Writing = new();
    private static readonly SortedDictionary<string, string> Rows = new(StringComparer.Ordinal);

    private static bool WritesDocument => Environment.GetEnvironmentVariable("UTP_WRITE_DOCS") == "1";

    /// <summary>Adds a row for something with libutp that has just succeeded.</summary>
    /// <param name="exchange">The exchange.</param>
    /// <param name="dialler">The dialling side; null when there is only one way to do it.</param>
    /// <param name="path">The path of the matrix.</param>
    /// <param name="bytes">Bytes each way; null where they do not matter.</param>
    /// <param name="elapsed">The duration; null where it has no meaning.</param>
    public static void Record(string exchange, Dialler? dialler, string path, long? bytes = null, TimeSpan? elapsed = null)
    {
        var role = dialler switch
        {
            Dialler.WeDial => "we dial",
            Dialler.TheyDial => "they dial",
            _ => "-",
        };
        Record(Libutp, exchange, role, path, bytes, elapsed);
    }

    /// <summary>Adds a row for a transfer between BitTorrent peers, with our relay between them.</summary>
    /// <param name="peers">The implementations.</param>
    /// <param name="exchange">The exchange.</param>
    /// <param name="bytes">Bytes of the torrent.</param>
    /// <param name="elapsed">The duration.</param>
    public static void RecordRelayed(string peers, string exchange, long bytes, TimeSpan elapsed) =>
        Record(peers, exchange, "we relay", "clean", bytes, elapsed);

    private static void Record(string peer, string exchange, string role, string path, long? bytes, TimeSpan? elapsed)
    {
        var key = $"| {peer} | {exchange} | {role} | {path} |";
        var size = bytes is { } count ? SizeOf(count) : "-";
        var took = elapsed is { } time ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:F1} s") : "-";
        lock (Writing)
        {
            Rows[key] = $"{key} {size} | {took} | ok |";
            File.WriteAllText(Path.Combine(AppContext.BaseDirectory, "interop-results.md"), TextOf(Rows));
            if (WritesDocument)
            {
                WriteDocument();
                return;
            }
        }

        Assert.True(
            File.ReadAllText(DocumentPath()).Contains(key, StringComparison.Ordinal),
            $"docs/interop.md lacks '{key}': run these tests with UTP_WRITE_DOCS=1.");
    }

    private static string TextOf(SortedDictionary<string, string> rows)
    {
        var text = new StringBuilder(Header);
        foreach (var row in rows.Values)
        {
            text.Append(row).Append('\n');
        }

        return text.ToString();
    }

    private static string SizeOf(long bytes) => bytes switch
    {
        >= 1 << 20 => $"{bytes >> 20} MiB",
        >= 1 << 10 => $"{bytes >> 10} KiB",
        _ => $"{bytes} B",
    };

    private static void WriteDocument()
    {
        var document = File.ReadAllText(DocumentPath());
        var begin = document.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        var end = document.IndexOf(End, StringComparison.Ordinal);
        var rows = new SortedDictionary<string, string>(Rows, StringComparer.Ordinal);
        var present = document[begin..end].Split('\n')
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal) && !Header.StartsWith(line, StringComparison.Ordinal));
        foreach (var row in present)
        {
            rows.TryAdd($"{string.Join('|', row.Split('|')[..5])}|", row);
        }

        File.WriteAllText(DocumentPath(), $"{document[..begin]}\n{TextOf(rows)}{document[end..]}");
    }

    private static string DocumentPath() => Path.Combine(Repository.Root, "docs", "interop.md");
}

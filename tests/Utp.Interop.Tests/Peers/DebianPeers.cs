using System.Diagnostics;

namespace Utp.Interop.Tests.Peers;

/// <summary>Finds the BitTorrent clients, which Debian's packages install.</summary>
internal static class DebianPeers
{
    /// <summary>The Python that Debian's modules are installed for. Another one may come first in the PATH.</summary>
    public const string Python = "/usr/bin/python3";

    public const string Transmission = "transmission-daemon";

    private static readonly Lazy<bool> HasLibtorrent = new(() => Answers(Python, "-c", "import libtorrent"));
    private static readonly Lazy<bool> HasTransmission = new(() => Answers(Transmission, "--version"));

    public static string LibtorrentScript { get; } = Path.Combine(AppContext.BaseDirectory, "peer", "torrent.py");

    private static bool IsRequired => string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase);

    /// <summary>Null when the clients can run, or when their absence is a failure rather than a reason to skip (CI=true).</summary>
    public static string? SkipReason(bool needsTransmission)
    {
        if (IsRequired)
        {
            return null;
        }

        return !HasLibtorrent.Value ? Missing("python3-libtorrent")
            : needsTransmission && !HasTransmission.Value ? Missing("transmission-daemon")
            : null;
    }

    private static string Missing(string package) =>
        $"The Debian package {package} is needed: 'apt-get install -y --no-install-recommends {package}'.";

    private static bool Answers(string program, params string[] arguments)
    {
        try
        {
            var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
            using var process = Process.Start(start)!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}

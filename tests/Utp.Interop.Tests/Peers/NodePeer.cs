using System.Diagnostics;
using System.Security.Cryptography;

namespace Utp.Interop.Tests.Peers;

/// <summary>
/// Finds the peer's files, checks whether the peer can run, and restores it from the package registry (once, guarded against concurrent runs).
/// </summary>
internal static class NodePeer
{
    public const string MissingMessage =
        "Node.js 18 or later with npm is needed to run libutp (npm package utp-native): install it with 'apt-get install nodejs npm' or from nodejs.org.";

    private static readonly TimeSpan RestoreTimeout = TimeSpan.FromMinutes(3);
    private static readonly Lazy<bool> HasNode = new(() => Answers("node") && Answers("npm"));
    private static readonly Lazy<string> Restored = new(Restore);

    /// <summary>Null when the peer can run, or when its absence is a failure rather than a reason to skip (CI=true).</summary>
    public static string? SkipReason => HasNode.Value || IsRequired ? null : MissingMessage;

    /// <summary>The script to run, with everything it needs beside it.</summary>
    public static string ScriptPath => Restored.Value;

    private static bool IsRequired => string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase);

    private static string Folder => Path.Combine(AppContext.BaseDirectory, "peer");

    private static string Npm => OperatingSystem.IsWindows() ? "npm.cmd" : "npm";

    private static string Restore()
    {
        if (!HasNode.Value)
        {
            throw new InvalidOperationException(MissingMessage);
        }

        using var exclusive = Lock(Path.Combine(Folder, ".restore.lock"));
        var wanted = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(Folder, "package-lock.json"))));
        var stamp = Path.Combine(Folder, "node_modules", ".restored");
        if (!File.Exists(stamp) || File.ReadAllText(stamp) != wanted)
        {
            // The package contains prebuilt binaries; its install script would only search for a compiler if they were missing.
            Run(Npm, "ci --ignore-scripts");
            File.WriteAllText(stamp, wanted);
        }

        return Path.Combine(Folder, "peer.js");
    }

    private static FileStream Lock(string path)
    {
        for (var watch = Stopwatch.StartNew(); ;)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (watch.Elapsed < RestoreTimeout)
            {
                Thread.Sleep(50);
            }
        }
    }

    private static void Run(string file, string arguments)
    {
        using var process = Start(file, arguments);
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(RestoreTimeout))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"'{file} {arguments}' in {Folder} did not end in {RestoreTimeout}.");
        }

        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"'{file} {arguments}' in {Folder} failed with {process.ExitCode}: {output.Result}{errors.Result}");
        }
    }

    private static bool Answers(string program)
    {
        try
        {
            using var process = Start(program == "npm" ? Npm : program, "--version");
            process.StandardOutput.ReadToEnd();
            return process.WaitForExit(10_000) && process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static Process Start(string file, string arguments) => Process.Start(new ProcessStartInfo(file, arguments)
    {
        WorkingDirectory = Folder,
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;
}

using System.ComponentModel;
using System.Diagnostics;

namespace Utp.Tests;

/// <summary>The files of the repository: those that git knows, or all of a source archive.</summary>
internal static class RepositoryFiles
{
    /// <summary>Folders that builds and tools make.</summary>
    private static readonly string[] Made =
        ["bin", "obj", "artifacts", "node_modules", "TestResults", "BenchmarkDotNet.Artifacts", "StrykerOutput", ".git", ".vs", ".idea"];

    private static readonly Lazy<IReadOnlyList<string>> Files = new(() => [.. (FromGit() ?? FromFolder()).Where(Exists).Order(StringComparer.Ordinal)]);

    /// <summary>Paths relative to the root, with slashes.</summary>
    public static IReadOnlyList<string> All => Files.Value;

    public static IEnumerable<string> CSharp => All.Where(path => path.EndsWith(".cs", StringComparison.Ordinal));

    /// <summary>The C# files of the product.</summary>
    public static IEnumerable<string> Product => CSharp.Where(path => path.StartsWith("src/", StringComparison.Ordinal));

    public static string FullPath(string path) => Path.Combine(Repository.Root, path);

    private static bool Exists(string path) => File.Exists(FullPath(path));

    /// <summary>Null where there is no git, or no repository of git: then in an unpacked source archive.</summary>
    private static string[]? FromGit()
    {
        if (!Path.Exists(FullPath(".git")))
        {
            return null;
        }

        try
        {
            using var git =
                Process.Start(new ProcessStartInfo("git", ["ls-files", "-z"]) { WorkingDirectory = Repository.Root, RedirectStandardOutput = true })!;
            var names = git.StandardOutput.ReadToEnd();
            git.WaitForExit();
            return git.ExitCode == 0 ? names.Split('\0', StringSplitOptions.RemoveEmptyEntries) : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    private static IEnumerable<string> FromFolder() =>
        Directory.EnumerateFiles(Repository.Root, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Repository.Root, path).Replace('\\', '/'))
            .Where(path => !path.Split('/').Intersect(Made, StringComparer.Ordinal).Any());
}

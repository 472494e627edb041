using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Utp.Benchmarks.Compare;

/// <summary>One run of one measure and subject.</summary>
/// <param name="Value">The result, in the unit of the measure.</param>
/// <param name="CpuSeconds">Processor time of both processes: per GiB for bulk, per million operations, and per second of rest for idle connections.</param>
/// <param name="P50Micros">Median time of an operation; zero where there is none.</param>
/// <param name="P99Micros">The 99th percentile.</param>
/// <param name="ManagedBytes">Managed memory of each idle connection, on the server side.</param>
internal sealed record CompareRun(double Value, double CpuSeconds, double P50Micros = 0, double P99Micros = 0, double ManagedBytes = 0);

/// <param name="Measure">The name of the measure.</param>
/// <param name="Unit">The unit of the values.</param>
/// <param name="Subject">The subject of the measure.</param>
/// <param name="Runs">The completed runs.</param>
/// <param name="Note">The reason for missing runs; null when none is missing.</param>
internal sealed record CompareSeries(string Measure, string Unit, string Subject, IReadOnlyList<CompareRun> Runs, string? Note = null);

internal sealed record CompareMachine(string System, string Processor, string Runtime, int ProcessorCount, int KernelBufferLimit);

/// <summary>All results of one <c>compare</c>: the JSON from which reports are made.</summary>
internal sealed record CompareResults(
    string? Commit, DateTimeOffset Date, CompareMachine Machine, double SecondsPerRun, bool ServerGarbageCollector, IReadOnlyList<CompareSeries> Series)
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    public static CompareResults Read(string path) =>
        JsonSerializer.Deserialize<CompareResults>(File.ReadAllText(path), Json) ?? throw new ArgumentException($"{path} holds no results.");

    public static CompareMachine ThisMachine() => new(
        RuntimeInformation.OSDescription,
        ProcessorName(),
        RuntimeInformation.FrameworkDescription,
        Environment.ProcessorCount,
        File.Exists("/proc/sys/net/core/rmem_max")
            ? int.Parse(File.ReadAllText("/proc/sys/net/core/rmem_max"), System.Globalization.CultureInfo.InvariantCulture) : 0);

    /// <summary>The commit that is checked out, with a plus when the working tree differs; null outside a repository.</summary>
    public static string? CurrentCommit()
    {
        try
        {
            var head = Git("rev-parse --short HEAD");
            return head is null ? null : head + (string.IsNullOrEmpty(Git("status --porcelain --untracked-files=no")) ? string.Empty : "+");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    public void Write(string path) => File.WriteAllText(path, JsonSerializer.Serialize(this, Json) + "\n");

    public CompareSeries? Find(string measure, string subject) => Series.FirstOrDefault(series => series.Measure == measure && series.Subject == subject);

    private static string? Git(string arguments)
    {
        using var git = Process.Start(new ProcessStartInfo("git", arguments) { RedirectStandardOutput = true, RedirectStandardError = true });
        var output = git!.StandardOutput.ReadToEnd().Trim();
        git.WaitForExit();
        return git.ExitCode == 0 ? output : null;
    }

    private static string ProcessorName() =>
        File.Exists("/proc/cpuinfo") && File.ReadLines("/proc/cpuinfo")
            .FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) is { } line
            ? line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim()
            : RuntimeInformation.ProcessArchitecture.ToString();
}

using System.Globalization;
using System.Text.Json;

namespace Utp.Benchmarks.Loads;

/// <summary>
/// Answers the lines on the standard input of a process of a run: "memory" collects garbage and reports what remains; the process itself handles
/// other lines. The process ends with its standard input, so that it does not outlive the run.
/// </summary>
internal static class LoadConsole
{
    private static readonly Lock WriteLock = new();

    public static void Say(string line)
    {
        lock (WriteLock)
        {
            Console.Out.WriteLine(line);
            Console.Out.Flush();
        }
    }

    public static void Say(LoadResult result) => Say("end " + JsonSerializer.Serialize(result));

    /// <summary>Returns when standard input ends.</summary>
    public static void Serve(Func<string, string> answer)
    {
        while (Console.In.ReadLine() is { } line)
        {
            Say(line == "memory" ? Memory() : answer(line));
        }
    }

    /// <summary>Gets the managed and resident bytes.</summary>
    private static string Memory()
    {
        for (var i = 0; i < 3; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        return string.Create(CultureInfo.InvariantCulture, $"{GC.GetTotalMemory(forceFullCollection: true)} {ResidentBytes()}");
    }

    private static long ResidentBytes()
    {
        if (OperatingSystem.IsLinux())
        {
            // RssAnon excludes mapped files, which belong to the page cache.
            var line = File.ReadLines("/proc/self/status").First(text => text.StartsWith("RssAnon:", StringComparison.Ordinal));
            return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1024;
        }

        return Environment.WorkingSet;
    }
}

/// <summary>The counts of a client.</summary>
/// <param name="Operations">Number of messages, requests or connections.</param>
/// <param name="Seconds">The time of the operations.</param>
/// <param name="P50Micros">Median time of one operation; zero when it was not measured.</param>
/// <param name="P99Micros">The 99th percentile.</param>
internal sealed record LoadResult(long Operations, double Seconds, double P50Micros = 0, double P99Micros = 0);

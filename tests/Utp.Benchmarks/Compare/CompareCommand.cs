using System.Globalization;
using Utp.Benchmarks.Report;

namespace Utp.Benchmarks.Compare;

/// <summary>Measures uTP beside TCP, libutp and bare UDP in one go, round by round, and writes what a report is made of.</summary>
internal static class CompareCommand
{
    /// <summary>A busy machine can lose a run; a second try tells chance from defect.</summary>
    private const int Tries = 2;

    public static int Run(CompareOptions options)
    {
        var missing = MissingLibutp(options);
        if (missing is not null)
        {
            Console.Error.WriteLine($"Without libutp: {missing}. To have it: npm ci --prefix {options.LibutpFolder}");
        }

        var pair = new ComparePair(options);
        var series = new List<CompareSeries>();
        foreach (var measure in Measure.All(options).Where(options.Includes))
        {
            var subjects = measure.Subjects.Where(subject => options.Includes(subject) && (subject.Kind != SubjectKind.Libutp || missing is null)).ToArray();
            var runs = subjects.ToDictionary(subject => subject, _ => new List<CompareRun>());
            for (var round = 0; round < measure.RunCount(options); round++)
            {
                // Interleaved, so that a noisy minute of the machine hits all alike.
                foreach (var subject in subjects)
                {
                    runs[subject].Add(RunWithRetry(pair, measure, subject));
                }
            }

            foreach (var subject in subjects)
            {
                series.Add(new CompareSeries(measure.Name, measure.Unit, subject.Name, runs[subject]));
                Print(series[^1]);
            }
        }

        var results = new CompareResults(
            CompareResults.CurrentCommit(), DateTimeOffset.UtcNow, CompareResults.ThisMachine(), options.Seconds, options.ServerGarbageCollector, series);
        Console.WriteLine();
        Console.Write(BarTable.Render(results));
        if (options.JsonPath is not null)
        {
            results.Write(options.JsonPath);
        }

        return 0;
    }

    private static CompareRun RunWithRetry(ComparePair pair, Measure measure, Subject subject)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return pair.Run(measure, subject);
            }
            catch (InvalidOperationException e)
            {
                Console.Error.WriteLine($"{measure.Name} {subject.Name}: {e.Message}");
                if (attempt == Tries)
                {
                    throw new InvalidOperationException($"{measure.Name} of {subject.Name} failed {Tries} times.", e);
                }
            }
        }
    }

    private static void Print(CompareSeries series)
    {
        var value = Statistic.Of(series.Runs, run => run.Value);
        var cpu = Statistic.Of(series.Runs, run => run.CpuSeconds);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{series.Measure,-22} {series.Subject,-13} {value.Median,10:F1} {series.Unit,-13} ({value.Least:F1}-{value.Most:F1}), CPU {cpu.Median:F3}, p99 {Statistic.Of(series.Runs, run => run.P99Micros).Median:F0} us"));
    }

    private static string? MissingLibutp(CompareOptions options)
    {
        if (!Directory.Exists(Path.Combine(options.LibutpFolder, "node_modules", "utp-native")))
        {
            return $"{options.LibutpFolder}/node_modules/utp-native is not there";
        }

        var isThere = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty)
            .Split(Path.PathSeparator)
            .Any(folder => File.Exists(Path.Combine(folder, OperatingSystem.IsWindows() ? "node.exe" : "node")));
        return isThere ? null : "there is no Node.js";
    }
}

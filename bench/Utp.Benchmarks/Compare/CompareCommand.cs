using System.Globalization;
using Utp.Benchmarks.Report;

namespace Utp.Benchmarks.Compare;

/// <summary>Measures uTP beside TCP, libutp and bare UDP in one command, round by round, and writes the data of a report.</summary>
internal static class CompareCommand
{
    /// <summary>Maximum number of tries: a busy machine can lose a run, and a second try tells chance from a defect.</summary>
    private const int Tries = 2;

    public static int Run(CompareOptions options)
    {
        var missing = MissingLibutp(options);
        if (missing is not null)
        {
            Console.Error.WriteLine($"Without libutp: {missing}. To have it: npm ci --prefix {options.LibutpFolder}");
        }

        var pair = new ComparePair(options);
        var results = new CompareResults(
            CompareResults.CurrentCommit(), DateTimeOffset.UtcNow, CompareResults.ThisMachine(), options.Seconds, options.ServerGarbageCollector, []);
        foreach (var family in Measure.All(options).Where(options.Includes).GroupBy(measure => measure.Family))
        {
            var terms = from measure in family
                        from subject in measure.Subjects
                        where options.Includes(subject) && (subject.Kind != SubjectKind.Libutp || missing is null)
                        select new Term(measure, subject, measure.RunCount(options));
            results = results with { Series = [.. results.Series, .. Take(pair, [.. terms])] };

            // Saving after each family keeps results when a later one is interrupted.
            if (options.JsonPath is not null)
            {
                results.Write(options.JsonPath);
            }
        }

        Console.WriteLine();
        Console.Write(BarTable.Render(results));
        return 0;
    }

    private static IEnumerable<CompareSeries> Take(ComparePair pair, IReadOnlyList<Term> terms)
    {
        for (var round = 0; round < terms.Max(term => term.RunCount); round++)
        {
            // The subjects are interleaved, so that a noisy minute of the machine affects all of them equally.
            foreach (var term in terms.Where(term => round < term.RunCount))
            {
                RunWithRetry(pair, term);
            }
        }

        foreach (var term in terms)
        {
            var series = new CompareSeries(term.Measure.Name, term.Measure.Unit, term.Subject.Name, term.Runs, term.Note);
            Print(series);
            yield return series;
        }
    }

    /// <summary>Runs a term. A run that fails leaves a note in place of a figure, and the other runs continue.</summary>
    private static void RunWithRetry(ComparePair pair, Term term)
    {
        for (var attempt = 1; attempt <= Tries; attempt++)
        {
            try
            {
                term.Runs.Add(pair.Run(term.Measure, term.Subject));
                return;
            }
            catch (Exception e) when (e is InvalidOperationException or AggregateException or IOException)
            {
                term.Note = $"A run failed: {e.Message}";
                Console.Error.WriteLine($"{term.Measure.Name} {term.Subject.Name}: {e.Message}");
            }
        }
    }

    private static void Print(CompareSeries series)
    {
        if (series.Runs.Count == 0)
        {
            Console.WriteLine($"{series.Measure,-22} {series.Subject,-13} {series.Note}");
            return;
        }

        var value = Statistic.Of(series.Runs, run => run.Value);
        var cpu = Statistic.Of(series.Runs, run => run.CpuSeconds);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{series.Measure,-22} {series.Subject,-13} {value.Median,10:F1} {series.Unit,-13} ({value.Least:F1}-{value.Most:F1}), CPU "
                + $"{cpu.Median:F3}, p99 {Statistic.Of(series.Runs, run => run.P99Micros).Median:F0} us"));
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

    /// <summary>One subject in one measure, and its runs so far.</summary>
    private sealed record Term(Measure Measure, Subject Subject, int RunCount)
    {
        public List<CompareRun> Runs { get; } = [];

        public string? Note { get; set; }
    }
}

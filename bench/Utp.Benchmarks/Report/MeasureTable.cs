using System.Globalization;
using System.Text;
using Utp.Benchmarks.Compare;

namespace Utp.Benchmarks.Report;

/// <summary>Writes every measure and subject: median, spread, processor time, and the ratio to TCP of the same run.</summary>
internal static class MeasureTable
{
    public static string Render(CompareResults results)
    {
        var text = new StringBuilder();
        foreach (var measure in results.Series.GroupBy(series => series.Measure))
        {
            var unit = measure.First().Unit;
            var hasPercentiles = measure.Any(series => series.Runs.Any(run => run.P99Micros > 0));
            text.AppendLine(CultureInfo.InvariantCulture,
                $"| {measure.Key} | {unit}, median (min-max) | to tcp | {CpuHeading(unit)} |{(hasPercentiles ? " p50, p99 us |" : string.Empty)}");
            text.AppendLine(CultureInfo.InvariantCulture, $"|---|---|---|---|{(hasPercentiles ? "---|" : string.Empty)}");
            foreach (var series in measure)
            {
                Append(text, results, series, hasPercentiles);
            }

            text.AppendLine();
        }

        return text.ToString();
    }

    public static string Machine(CompareResults results) => string.Create(
        CultureInfo.InvariantCulture,
        $"Commit {results.Commit ?? "unknown"}, {results.Date:yyyy-MM-dd}; {results.Machine.ProcessorCount} cores of {results.Machine.Processor}, "
            + $"{results.Machine.System}, {results.Machine.Runtime}, {(results.ServerGarbageCollector ? "server" : "workstation")} GC. Loopback, two "
            + $"processes, both warm, runs of {results.SecondsPerRun} s interleaved.");

    private static void Append(StringBuilder text, CompareResults results, CompareSeries series, bool hasPercentiles)
    {
        if (series.Runs.Count == 0)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"| {series.Subject} | {series.Note} | | |{(hasPercentiles ? " |" : string.Empty)}");
            return;
        }

        var value = Statistic.Of(series.Runs, run => run.Value);
        var cpu = Statistic.Of(series.Runs, run => run.CpuSeconds).Median;
        var tcp = results.Find(series.Measure, Subject.Tcp.Name) is { Runs.Count: > 0 } other ? Statistic.Of(other.Runs, run => run.Value).Median : 0;
        var ratio = tcp > 0 ? string.Create(CultureInfo.InvariantCulture, $"{value.Median / tcp:F2}") : string.Empty;
        var format = value.Median < 100 ? "F1" : "N0";
        string Number(double number) => number.ToString(format, CultureInfo.InvariantCulture);
        text.Append(CultureInfo.InvariantCulture,
            $"| {series.Subject} | {Number(value.Median)} ({Number(value.Least)}-{Number(value.Most)}) | {ratio} | {cpu:0.###} |");
        if (hasPercentiles)
        {
            text.Append(CultureInfo.InvariantCulture,
                $" {Statistic.Of(series.Runs, run => run.P50Micros).Median:F0}, {Statistic.Of(series.Runs, run => run.P99Micros).Median:F0} |");
        }

        text.AppendLine();
    }

    private static string CpuHeading(string unit) => unit switch
    {
        "MB/s" => "CPU s/GiB, both ends",
        "bytes" => "CPU at rest, cores",
        _ => "CPU us each, both ends",
    };
}

using Utp.Benchmarks.Compare;

namespace Utp.Benchmarks.Report;

internal readonly record struct Statistic(double Median, double Least, double Most)
{
    public static Statistic Of(IEnumerable<CompareRun> runs, Func<CompareRun, double> select)
    {
        var sorted = runs.Select(select).Order().ToArray();
        return new Statistic(sorted[sorted.Length / 2], sorted[0], sorted[^1]);
    }
}

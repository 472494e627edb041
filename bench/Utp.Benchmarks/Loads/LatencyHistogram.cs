using System.Diagnostics;

namespace Utp.Benchmarks.Loads;

/// <summary>Times of one connection's operations, in steps of a quarter microsecond up to 16 ms. Recording costs one increment.</summary>
internal sealed class LatencyHistogram
{
    private const int StepsPerMicrosecond = 4;
    private const int StepCount = 16_384 * StepsPerMicrosecond;

    private readonly int[] _counts = new int[StepCount + 1];

    public long Count { get; private set; }

    public void Record(long elapsedTicks)
    {
        var step = elapsedTicks * StepsPerMicrosecond * 1_000_000 / Stopwatch.Frequency;
        _counts[Math.Min(step, StepCount)]++;
        Count++;
    }

    public void Clear()
    {
        Array.Clear(_counts);
        Count = 0;
    }

    /// <summary>Gets the microseconds that this share of all operations did not exceed.</summary>
    public static double Percentile(IReadOnlyCollection<LatencyHistogram> histograms, double share)
    {
        var wanted = (long)Math.Ceiling(histograms.Sum(histogram => histogram.Count) * share);
        var seen = 0L;
        for (var step = 0; step <= StepCount; step++)
        {
            seen += histograms.Sum(histogram => (long)histogram._counts[step]);
            if (seen >= wanted)
            {
                return (step + 1.0) / StepsPerMicrosecond;
            }
        }

        return (double)StepCount / StepsPerMicrosecond;
    }
}

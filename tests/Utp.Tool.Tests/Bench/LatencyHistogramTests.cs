using Utp.Tool.Bench;

namespace Utp.Tool.Tests.Bench;

public class LatencyHistogramTests
{
    [Fact]
    public void Quantiles_KnownDurations_AreWithinTheBucketWidth()
    {
        var histogram = new LatencyHistogram();
        for (var i = 1; i <= 10_000; i++)
        {
            histogram.RecordNanos(i * 1_000L);
        }

        Assert.Equal(10_000, histogram.Count);
        Assert.InRange(histogram.QuantileMicros(0.5), 5_000, 5_000 * 1.016);
        Assert.InRange(histogram.QuantileMicros(0.99), 9_900, 9_900 * 1.016);
        Assert.Equal(10_000, histogram.MaxMicros);
        Assert.Equal(10_000, histogram.QuantileMicros(1));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(1_234_567)]
    [InlineData(3_600_000_000_000)]
    public void Quantile_OneDuration_IsThatDuration(long nanos)
    {
        var histogram = new LatencyHistogram();
        histogram.RecordNanos(nanos);
        histogram.RecordNanos(nanos * 2);

        Assert.InRange(histogram.QuantileMicros(0.5) * 1_000, nanos, (nanos * 1.016) + 1);
    }

    [Fact]
    public void Add_AnotherHistogram_CountsBoth()
    {
        var (first, second) = (new LatencyHistogram(), new LatencyHistogram());
        first.RecordNanos(1_000);
        second.RecordNanos(9_000);

        first.Add(second);

        Assert.Equal(2, first.Count);
        Assert.Equal(9, first.MaxMicros);
    }

    [Fact]
    public void Record_ManyDurations_AllocatesNothing()
    {
        var histogram = new LatencyHistogram();

        var allocated = Allocations.SmallestOf(() =>
        {
            for (var i = 0; i < 100_000; i++)
            {
                histogram.RecordNanos(i);
            }
        });

        Assert.Equal(0, allocated);
    }
}

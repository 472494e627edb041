using Utp.Simulation.Network;

namespace Utp.Simulation.Tests.Instrument;

/// <summary>Against RFC 8289: what may wait, when the first drop comes, and how the drops quicken.</summary>
public class CoDelTests
{
    private static readonly LinkSettings Bottleneck = new() { Name = "codel", BitsPerSecond = 20_000_000, QueueBytes = 5_000_000, CoDel = new CoDelSettings() };

    [Fact]
    public void CoDel_WithinTarget_DropsNothing()
    {
        // Bursts of eight wait for at most 4.2 ms.
        using var traffic = new LinkTraffic(Bottleneck);
        for (var burst = 0; burst < 1_000; burst++)
        {
            traffic.Run.At(burst * 10 * Nanos.PerMillisecond, () => traffic.Offer(8, 0));
        }

        traffic.Finish();
        Assert.Equal(8_000, traffic.Arrivals.Count);
    }

    [Fact]
    public void CoDel_ABurstShorterThanTheInterval_IsSpared()
    {
        using var traffic = new LinkTraffic(Bottleneck).Offer(150, 0).Finish();

        Assert.Equal(150, traffic.Arrivals.Count);
    }

    [Fact]
    public void CoDel_AStandingQueue_IsDroppedFromAfterOneIntervalAndThenEverFaster()
    {
        var drops = DropTimes(overloadPercent: 10, seconds: 3);

        // The queue is above the target after about 50 ms of ten per cent overload; the first drop follows one interval later.
        Assert.InRange(drops[0], 0.145, 0.165);

        // The gaps are interval / sqrt(count), to within the serialisation of one packet.
        for (var count = 1; count < 10; count++)
        {
            Assert.InRange(drops[count] - drops[count - 1], (0.1 / Math.Sqrt(count)) - 0.001, (0.1 / Math.Sqrt(count)) + 0.001);
        }
    }

    [Fact]
    public void CoDel_OnceTheQueueIsShort_StopsDropping()
    {
        using var traffic = new LinkTraffic(Bottleneck);
        traffic.Offer(3_000, 605_600L * 100 / 110);
        traffic.Finish();
        var during = traffic.Link.Counters.ActiveQueueDrops;
        Assert.True(during > 10);

        // Slower than the link: the queue stays empty.
        for (var i = 0; i < 1_000; i++)
        {
            traffic.Run.At(traffic.Run.Now + (i * Nanos.PerMillisecond), () => traffic.Offer(1, 0));
        }

        traffic.Run.RunUntil(traffic.Run.Now + (2 * Nanos.PerSecond));
        Assert.Equal(during, traffic.Link.Counters.ActiveQueueDrops);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(24, 4)]
    [InlineData(25, 5)]
    [InlineData(ulong.MaxValue, uint.MaxValue)]
    public void SquareRoot_OfAnInteger_IsRoundedDown(ulong value, ulong root) => Assert.Equal(root, FixedPoint.SquareRoot(value));

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(63, 3)]
    [InlineData(64, 4)]
    [InlineData(ulong.MaxValue, 2_642_245)]
    public void CubeRoot_OfAnInteger_IsRoundedDown(ulong value, ulong root) => Assert.Equal(root, FixedPoint.CubeRoot(value));

    private static List<double> DropTimes(int overloadPercent, int seconds)
    {
        using var traffic = new LinkTraffic(Bottleneck);
        var interval = 605_600L * 100 / (100 + overloadPercent);
        traffic.Offer((int)(seconds * Nanos.PerSecond / interval), interval);
        var times = new List<double>();
        while (traffic.Run.Now < seconds * Nanos.PerSecond)
        {
            var before = traffic.Link.Counters.ActiveQueueDrops;
            traffic.Run.RunUntil(traffic.Run.Now + 100_000);
            for (var i = before; i < traffic.Link.Counters.ActiveQueueDrops; i++)
            {
                times.Add(Nanos.ToSeconds(traffic.Run.Now));
            }
        }

        return times;
    }
}

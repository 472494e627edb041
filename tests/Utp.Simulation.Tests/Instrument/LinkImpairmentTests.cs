using Utp.Simulation.Network;

namespace Utp.Simulation.Tests.Instrument;

public class LinkImpairmentTests
{
    private const int Many = 100_000;

    [Theory]
    [InlineData(0.03)]
    [InlineData(0.001)]
    [InlineData(0.5)]
    public void Link_ThatMustLoseAShare_LosesThatShare(double probability)
    {
        using var traffic = new LinkTraffic(new LinkSettings { Name = "lossy", LossProbability = probability }).Offer(Many, 1_000).Finish();

        var measured = 1 - (traffic.Arrivals.Count / (double)Many);
        var deviation = Math.Sqrt(probability * (1 - probability) / Many);
        Assert.InRange(measured, probability - (4 * deviation), probability + (4 * deviation));
        Assert.Equal(Many - traffic.Arrivals.Count, traffic.Link.Counters.Lost);
        Assert.Equal(0, traffic.Run.Packets.Outstanding);
    }

    [Fact]
    public void Link_WithBurstLoss_LosesInBurstsOfTheMeanLength()
    {
        var settings = new LinkSettings { Name = "bursty", BurstLoss = new GilbertElliottSettings { GoodToBad = 0.01, BadToGood = 0.25 } };
        using var traffic = new LinkTraffic(settings).Offer(Many, 1_000).Finish();

        // The stationary share of the bad state, and the mean of a geometric burst.
        var lost = Many - traffic.Arrivals.Count;
        Assert.InRange(lost / (double)Many, 0.9 * 0.01 / 0.26, 1.1 * 0.01 / 0.26);
        var bursts = 0;
        for (var i = 1; i < traffic.Arrivals.Count; i++)
        {
            bursts += traffic.Arrivals[i].Number != traffic.Arrivals[i - 1].Number + 1 ? 1 : 0;
        }

        // Geometric with mean 4: the deviation of one burst is sqrt(12), that of the mean of some 960 about 0.11.
        Assert.InRange(lost / (double)bursts, 3.55, 4.45);
    }

    [Fact]
    public void Link_ThatDuplicates_DeliversTheShareTwice()
    {
        using var traffic = new LinkTraffic(new LinkSettings { Name = "twice", DuplicateProbability = 0.02 }).Offer(Many, 1_000).Finish();

        Assert.InRange(traffic.Arrivals.Count - Many, 0.018 * Many, 0.022 * Many);
        Assert.Equal(Many, traffic.Arrivals.Select(arrival => arrival.Number).Distinct().Count());
    }

    [Fact]
    public void Link_ThatReorders_HoldsTheShareBackByTheExtraDelay()
    {
        var settings = new LinkSettings
        {
            Name = "reordering",
            PropagationNanos = Nanos.FromMilliseconds(20),
            ReorderProbability = 0.02,
            ReorderExtraNanos = Nanos.FromMilliseconds(4),
        };
        using var traffic = new LinkTraffic(settings).Offer(Many, Nanos.PerMillisecond).Finish();

        var heldBack = traffic.Arrivals.Where(arrival => Delay(arrival) != Nanos.FromMilliseconds(20)).ToList();
        Assert.All(heldBack, arrival => Assert.Equal(Nanos.FromMilliseconds(24), Delay(arrival)));
        Assert.InRange(heldBack.Count, 0.018 * Many, 0.022 * Many);
        Assert.NotEqual(traffic.Arrivals.Select(arrival => arrival.Number).Order(), traffic.Arrivals.Select(arrival => arrival.Number));

        static long Delay(LinkTraffic.Arrival arrival) => arrival.At - (arrival.Number * Nanos.PerMillisecond);
    }

    [Fact]
    public void Link_WithJitter_SpreadsDelayAndKeepsOrder()
    {
        var settings = new LinkSettings { Name = "jittery", PropagationNanos = Nanos.FromMilliseconds(20), JitterNanos = Nanos.FromMilliseconds(10) };
        using var traffic = new LinkTraffic(settings).Offer(Many, 20 * Nanos.PerMillisecond).Finish();

        // Packets are further apart than the jitter is long, so that none waits for the one before it.
        var delays = traffic.Arrivals.Select(arrival => Nanos.ToMilliseconds(arrival.At - (arrival.Number * 20 * Nanos.PerMillisecond))).ToList();
        Assert.InRange(delays.Min(), 20, 20.01);
        Assert.InRange(delays.Max(), 29.99, 30);
        Assert.InRange(delays.Average(), 24.95, 25.05);
    }

    [Fact]
    public void Link_WithJitterLongerThanTheSpacing_KeepsOrder()
    {
        var settings = new LinkSettings { Name = "jittery", JitterNanos = Nanos.FromMilliseconds(10) };
        using var traffic = new LinkTraffic(settings).Offer(Many, 100_000).Finish();

        Assert.Equal(Enumerable.Range(0, Many), traffic.Arrivals.Select(arrival => arrival.Number));
    }

    [Fact]
    public void Link_OfOneSeed_LosesTheSamePacketsWhateverElseItDoes()
    {
        var plain = new LinkSettings { Name = "link", LossProbability = 0.03 };
        using var first = new LinkTraffic(plain).Offer(Many, 1_000).Finish();
        using var second = new LinkTraffic(plain with { JitterNanos = 500, DuplicateProbability = 0.1 }).Offer(Many, 1_000).Finish();

        Assert.Equal(first.Arrivals.Select(arrival => arrival.Number), second.Arrivals.Select(arrival => arrival.Number).Distinct().Order());
    }
}

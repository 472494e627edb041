using Utp.Simulation.Network;

namespace Utp.Simulation.Tests.Instrument;

public class LinkQueueTests
{
    private const int FullDatagram = 1_472;
    private const int FullWire = 1_514;

    private static readonly LinkSettings Base = new()
    {
        Name = "bottleneck",
        BitsPerSecond = 20_000_000,
        PropagationNanos = Nanos.FromMilliseconds(20),
        QueueBytes = 500_000,
    };

    [Fact]
    public void Link_WithRate_SerialisesOnePacketAfterTheOther()
    {
        using var traffic = new LinkTraffic(Base).Offer(100, 0).Finish();

        // 1,514 bytes at 20 Mbit/s take 605.6 microseconds.
        var expected = Enumerable.Range(1, 100).Select(i => Nanos.FromMilliseconds(20) + (i * 605_600L));
        Assert.Equal(expected, traffic.Arrivals.Select(arrival => arrival.At));
    }

    [Fact]
    public void Link_WhoseQueueIsFull_DropsTheTail()
    {
        using var traffic = new LinkTraffic(Base).Offer(1_000, 0).Finish();

        Assert.Equal(500_000 / FullWire, traffic.Arrivals.Count);
        Assert.Equal(Enumerable.Range(0, traffic.Arrivals.Count), traffic.Arrivals.Select(arrival => arrival.Number));
        Assert.Equal(1_000 - traffic.Arrivals.Count, traffic.Link.Counters.QueueDrops);
        Assert.Equal(0, traffic.Link.QueuedBytes);
    }

    [Fact]
    public void Link_Busy_TellsTheDelayThatTheNextPacketSuffers()
    {
        using var traffic = new LinkTraffic(Base).Offer(100, 0);
        var told = 0L;
        traffic.Run.At(10 * Nanos.PerMillisecond, () => told = traffic.Link.QueueDelayNanos);
        traffic.Finish();

        Assert.Equal((100 * 605_600L) - (10 * Nanos.PerMillisecond), told);
    }

    [Fact]
    public void Link_WhoseRateDrops_SendsTheRestOfItsQueueSlower()
    {
        using var traffic = new LinkTraffic(Base).Offer(100, 0);
        traffic.Run.At(50 * 605_600L, () => traffic.Link.BitsPerSecond = 10_000_000);
        traffic.Finish();

        // The packet whose turn comes at the very instant of the change counts as begun after it, or before: one packet of slack.
        var elapsed = traffic.Arrivals[^1].At - traffic.Arrivals[0].At;
        Assert.InRange(elapsed, (49 + (2 * 49)) * 605_600L, (49 + (2 * 51)) * 605_600L);
    }

    [Fact]
    public void Link_WhosePropagationDrops_KeepsOrder()
    {
        using var traffic = new LinkTraffic(Base).Offer(100, Nanos.PerMillisecond);
        traffic.Run.At(50 * Nanos.PerMillisecond, () => traffic.Link.PropagationNanos = Nanos.FromMilliseconds(5));
        traffic.Finish();

        Assert.Equal(Enumerable.Range(0, 100), traffic.Arrivals.Select(arrival => arrival.Number));
        Assert.Equal((99 * Nanos.PerMillisecond) + 605_600 + Nanos.FromMilliseconds(5), traffic.Arrivals[^1].At);
    }

    [Fact]
    public void Link_WithAnMtu_SwallowsWhatIsLonger()
    {
        using var fits = new LinkTraffic(Base with { MtuBytes = 1_280 }).Offer(10, Nanos.PerMillisecond, 1_252).Finish();
        using var isLonger = new LinkTraffic(Base with { MtuBytes = 1_280 }).Offer(10, Nanos.PerMillisecond, 1_253).Finish();

        Assert.Equal(10, fits.Arrivals.Count);
        Assert.Empty(isLonger.Arrivals);
        Assert.Equal(10, isLonger.Link.Counters.TooLong);
    }

    [Fact]
    public void Link_WithAnMtu_FragmentsWhatMayBeFragmented()
    {
        using var traffic = new LinkTraffic(Base with { MtuBytes = 1_280 }).Offer(1, 0, FullDatagram, allowFragmentation: true).Finish();

        Assert.Equal(FullWire + Packet.IPv4Bytes + Packet.EthernetBytes, Assert.Single(traffic.Arrivals).WireBytes);
    }
}

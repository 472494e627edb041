using Utp.Protocol.Congestion.Ledbat;
using Utp.Protocol.Time;

namespace Utp.Protocol.Tests.Congestion;

/// <summary>What a path that stays empty, or a round trip that stays long, is taken for.</summary>
public class LossOfQueueTests
{
    private const long RoundTrip = 40_000;
    private const double EmptyBelow = 15_000;

    private EmptyPathProbe _probe;
    private RouteChangeDetector _route;
    private long _now = 10_000_000;

    [Fact]
    public void EmptyPath_ThreeRoundTrips_IsAHole_SixIsCapacity()
    {
        Feed(3 * RoundTrip, queue: 0);
        Assert.False(_probe.IsInHole);
        Feed(RoundTrip, queue: 0);
        Assert.True(_probe.IsInHole);
        Assert.False(_probe.IsProbing);

        Feed(3 * RoundTrip, queue: 0);

        Assert.True(_probe.IsProbing);
    }

    [Fact]
    public void EmptyPath_QueueReturns_IsNoLonger()
    {
        Feed(10 * RoundTrip, queue: 0);
        Feed(1_000, queue: 15_000);

        Assert.False(_probe.IsInHole);
        Assert.False(_probe.IsProbing);
    }

    [Fact]
    public void EmptyPath_LossWithinThreeSeconds_Forbids()
    {
        _probe.OnLoss(new Instant(_now));
        Feed(3_000_000, queue: 0);
        Assert.False(_probe.IsInHole);

        Feed(8 * RoundTrip, queue: 0);
        Assert.True(_probe.IsProbing);
    }

    [Fact]
    public void EmptyPath_LossThatProbingBrought_DoublesTheWait()
    {
        _probe.OnLoss(new Instant(_now));
        Feed(4_000_000, queue: 0);
        Assert.True(_probe.IsProbing);

        _probe.OnLoss(new Instant(_now));
        Feed(5_900_000, queue: 0);
        Assert.False(_probe.IsProbing);
        Feed(500_000, queue: 0);

        Assert.True(_probe.IsProbing);
    }

    [Fact]
    public void Route_PinnedAndSteadyForSixSeconds_HasChanged()
    {
        Assert.False(Watch(6_000_000, isPinned: true, at => 120_000 + (at % 3_000)));

        Assert.True(Watch(10_000, isPinned: true, at => 121_000));
        Assert.InRange(_route.SmallestRoundTripMicros, 120_000, 121_000);
    }

    [Fact]
    public void Route_RoundTripSwings_HasNotChanged() =>
        Assert.False(Watch(30_000_000, isPinned: true, at => 120_000 + (at / 1_000 % 5_000 * 20)));

    [Fact]
    public void Route_NotAtTheFloor_HasNotChanged() => Assert.False(Watch(30_000_000, isPinned: false, _ => 120_000));

    private void Feed(long micros, double queue)
    {
        for (var end = _now + micros; _now < end; _now += 1_000)
        {
            _probe.Observe(Acknowledgements.Of(_now + 1_000, 1_000, roundTripMicros: RoundTrip), queue, EmptyBelow);
        }
    }

    private bool Watch(long micros, bool isPinned, Func<long, long> roundTripAt)
    {
        var changed = false;
        for (var end = _now + micros; _now < end; _now += 1_000)
        {
            changed |= _route.Observe(new Instant(_now), isPinned, roundTripAt(_now));
        }

        return changed;
    }
}

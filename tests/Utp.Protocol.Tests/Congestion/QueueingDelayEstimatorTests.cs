using Utp.Protocol.Congestion.Ledbat;
using Utp.Protocol.Time;

namespace Utp.Protocol.Tests.Congestion;

public class QueueingDelayEstimatorTests
{
    private const long BaseRoundTrip = 40_000;
    private const uint ClockOffset = 0xFFFF_F000;

    private QueueingDelayEstimator _estimator = new(10, 4, correctsDrift: true);
    private long _now;

    [Fact]
    public void Update_BothDirectionsAgree_GivesTheQueue()
    {
        Feed(0, 0);

        Assert.Equal(30_000, FeedFour(30_000, 30_000));
    }

    [Fact]
    public void Update_ReversePathCongested_IsNotTakenForOurQueue()
    {
        Feed(0, 0);

        Assert.Equal(10_000, FeedFour(10_000, 110_000));
    }

    [Fact]
    public void Update_OneWayEstimateTooHigh_IsBoundedByTheRoundTrip()
    {
        Feed(0, 0);

        Assert.Equal(5_000, FeedFour(65_000, 5_000));
    }

    [Fact]
    public void Update_WithoutTimestamps_UsesTheRoundTrip()
    {
        Feed(null, 0);
        Feed(null, 25_000);
        Feed(null, 25_000);
        Feed(null, 25_000);

        Assert.Equal(25_000, Feed(null, 25_000));
    }

    [Fact]
    public void Update_PeerClockSetForward_KeepsTheQueueAndRecoversTheOneWayBase()
    {
        Feed(0, 0);
        FeedFour(30_000, 30_000);

        // The peer's clock gains five seconds; the queue stays, then drains. The reverse path fills at the same time, so that only a
        // recovered one-way base can tell.
        Assert.Equal(30_000, FeedFour(5_030_000, 30_000));
        Assert.Equal(12_000, FeedFour(5_012_000, 90_000));
    }

    [Fact]
    public void Update_PeerClockSetBack_KeepsTheQueue()
    {
        Feed(0, 0);
        FeedFour(30_000, 30_000);

        Assert.Equal(30_000, FeedFour(-4_970_000, 30_000));
        Assert.Equal(12_000, FeedFour(-4_988_000, 90_000));
    }

    [Fact]
    public void PeerBase_FallingByDrift_RaisesOurs()
    {
        FeedPeer(500_000);
        Feed(0, 0);
        FeedPeer(496_000);

        Assert.Equal(6_000, FeedFour(10_000, 50_000));
    }

    [Fact]
    public void PeerBase_FallingByMoreThanTenMilliseconds_IsNotDrift()
    {
        FeedPeer(500_000);
        Feed(0, 0);
        FeedPeer(489_999);

        Assert.Equal(10_000, FeedFour(10_000, 50_000));
    }

    [Fact]
    public void OnClockStep_OneWayHistoryIsVoid_RoundTripsRemain()
    {
        Feed(0, 0);
        FeedFour(20_000, 20_000);
        _estimator.OnClockStep();

        Assert.Equal(20_000, FeedFour(9_000, 20_000));
    }

    private long FeedFour(long oneWay, long roundTrip)
    {
        Feed(oneWay, roundTrip);
        Feed(oneWay, roundTrip);
        Feed(oneWay, roundTrip);
        return Feed(oneWay, roundTrip);
    }

    private long Feed(long? oneWayQueueing, long roundTripQueueing)
    {
        _now += 1_000;
        if (oneWayQueueing is { } queueing)
        {
            _estimator.OnDelaySample(new Instant(_now), unchecked(ClockOffset + (uint)queueing));
        }

        var roundTrip = BaseRoundTrip + roundTripQueueing;
        return _estimator.Update(Acknowledgements.Of(_now, 1_000, roundTripMicros: roundTrip));
    }

    private void FeedPeer(uint difference) => _estimator.OnPeerDelaySample(new Instant(_now), difference);
}

using Utp.Protocol.Sending;
using Utp.Protocol.Time;

namespace Utp.Protocol.Tests.Sending;

public sealed class TrainWatchTests
{
    private readonly TrainWatch _watch = new() { IsSegmenting = true };
    private long _now = 1_000_000;

    [Fact]
    public void TrainsLost_NoneEverArrived_AreGivenUpAfterThreeRounds()
    {
        Rounds(2);
        Assert.True(_watch.MaySegment(Now));

        Rounds(1);

        Assert.False(_watch.MaySegment(Now));
        Assert.Equal((1, 5 * 60_000_000L), (_watch.SuspensionCount, _watch.SuspensionMicros));
    }

    [Fact]
    public void TrainsLost_AfterSomeHaveArrived_AreGivenUpAfterEightRounds()
    {
        _watch.OnTrainArrived(Now);
        Rounds(7);
        Assert.True(_watch.MaySegment(Now));

        Rounds(1);

        Assert.False(_watch.MaySegment(Now));
    }

    [Fact]
    public void TrainArrivesInBetween_StartsTheCountAnew()
    {
        for (var i = 0; i < 20; i++)
        {
            Rounds(i == 0 ? 2 : 7);
            _watch.OnTrainArrived(Now);
        }

        Assert.Equal(0, _watch.SuspensionCount);
    }

    [Fact]
    public void TrainsRefused_EightInARow_AreGivenUp()
    {
        for (var i = 0; i < 7; i++)
        {
            _watch.OnTrainRefused(Now);
        }

        _watch.OnTrainArrived(Now);
        for (var i = 0; i < 7; i++)
        {
            _watch.OnTrainRefused(Now);
        }

        Assert.True(_watch.MaySegment(Now));
        _watch.OnTrainRefused(Now);
        Assert.False(_watch.MaySegment(Now));
        Assert.Equal(1, _watch.SuspensionCount);
    }

    /// <summary>However many trains were on their way when the path failed, and however many single datagrams arrive when it is back.</summary>
    [Fact]
    public void Outage_IsOneRound()
    {
        for (var i = 0; i < 50; i++)
        {
            _watch.OnTrainLost(new(_now + i));
        }

        _now += 2_000_000;
        for (var i = 0; i < 50; i++)
        {
            _watch.OnSingleArrived(new(_now + i), new(_now - 10_000));
            _watch.OnTrainLost(new(1_000_000 + i));
        }

        Assert.Equal((1, 0), (_watch.LostInARow, _watch.SuspensionCount));
    }

    [Fact]
    public void TrainsLostThatLeftBeforeOneThatArrived_DoNotCount()
    {
        _watch.OnTrainArrived(Now);
        for (var i = 1; i < 20; i++)
        {
            _watch.OnTrainLost(new(_now - i));
            _watch.OnSingleArrived(new(_now + i), new(_now + i));
        }

        Assert.Equal(0, _watch.LostInARow);
    }

    [Fact]
    public void Suspension_Ends_AndLastsTwiceAsLongAfterEachFailure_UntilATrainArrives()
    {
        var expected = new[] { 5L, 10, 20, 40, 80, 80 };
        foreach (var minutes in expected)
        {
            Rounds(3);
            Assert.Equal(minutes * 60_000_000, _watch.SuspensionMicros);
            Assert.False(_watch.MaySegment(Now));
            _now += _watch.SuspensionMicros;
            Assert.True(_watch.MaySegment(Now));
        }

        _watch.OnTrainArrived(Now);
        Rounds(8);

        Assert.Equal(5 * 60_000_000, _watch.SuspensionMicros);
    }

    private Instant Now => new(_now);

    /// <summary>A train leaves and is lost; a single datagram leaves later and arrives.</summary>
    private void Rounds(int count)
    {
        for (var i = 0; i < count; i++)
        {
            _watch.OnTrainLost(new(_now += 1_000));
            _watch.OnSingleArrived(new(_now + 2_000), new(_now + 1_000));
            _now += 2_000;
        }
    }
}

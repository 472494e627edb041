using Utp.Protocol.Congestion.Ledbat;
using Utp.Protocol.Time;

namespace Utp.Protocol.Tests.Congestion;

public class DelayTargetTests
{
    private const long Full = 60_000;

    private DelayTarget _target = new(Full);
    private long _now = 1_000_000;

    [Theory]
    [InlineData(30_000, 15_000)]
    [InlineData(59_000, 15_000)]
    [InlineData(14_000, 7_500)]
    [InlineData(8_000, 7_500)]
    public void Loss_WithAQueueBelowTheTarget_LowersIt(long queue, double target)
    {
        Observe(queue);
        _target.OnLoss(new Instant(_now));

        Assert.Equal(target, _target.Micros);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7_000)]
    [InlineData(60_000)]
    [InlineData(200_000)]
    public void Loss_OnAnEmptyPathOrBehindADeepBuffer_ChangesNothing(long queue)
    {
        Observe(queue);
        _target.OnLoss(new Instant(_now));

        Assert.Equal(Full, _target.Micros);
    }

    [Fact]
    public void Queue_LargerThanTheBuffer_RestoresTheTarget()
    {
        Observe(30_000);
        _target.OnLoss(new Instant(_now));
        Observe(35_000);
        Assert.Equal(15_000, _target.Micros);

        Observe(37_000);

        Assert.Equal(Full, _target.Micros);
    }

    [Fact]
    public void Buffer_IsForgottenAfterTenMinutes()
    {
        Observe(30_000);
        _target.OnLoss(new Instant(_now));
        _now += 599_000_000;
        Observe(10_000);
        Assert.Equal(15_000, _target.Micros);

        _now += 2_000_000;
        Observe(10_000);

        Assert.Equal(Full, _target.Micros);
    }

    [Fact]
    public void Loss_CountsTheLargestQueueOfTwoRoundTrips()
    {
        Observe(30_000);
        _now += 39_000;
        Observe(1_000);
        _target.OnLoss(new Instant(_now));
        Assert.Equal(15_000, _target.Micros);
    }

    private void Observe(long queue)
    {
        _now += 1_000;
        _target.Observe(Acknowledgements.Of(_now, 1_000), queue);
    }
}

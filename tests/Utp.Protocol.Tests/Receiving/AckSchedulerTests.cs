using Utp.Protocol.Receiving;
using Utp.Protocol.Time;

namespace Utp.Protocol.Tests.Receiving;

public sealed class AckSchedulerTests
{
    [Fact]
    public void FirstSegment_IsDelayed_SecondIsNot()
    {
        var scheduler = new AckScheduler();

        scheduler.OnInOrderSegment(new(100), 5_000);
        Assert.Equal((false, new Instant(5_100)), (scheduler.IsImmediate, scheduler.Deadline));
        scheduler.OnInOrderSegment(new(200), 5_000);

        Assert.True(scheduler.IsImmediate);
    }

    [Fact]
    public void DelayedAck_FallsDueAtItsDeadline_NotBefore()
    {
        var scheduler = new AckScheduler();
        scheduler.OnInOrderSegment(new(100), 5_000);

        scheduler.HandleDeadline(new(5_099));
        Assert.False(scheduler.IsImmediate);
        scheduler.HandleDeadline(new(5_100));

        Assert.True(scheduler.IsImmediate);
    }

    [Fact]
    public void AckSent_ForgetsWhatWasPending()
    {
        var scheduler = new AckScheduler();
        scheduler.OnInOrderSegment(new(100), 5_000);

        scheduler.OnAcknowledgementSent();

        Assert.Equal((false, Instant.Never), (scheduler.IsImmediate, scheduler.Deadline));
        scheduler.OnInOrderSegment(new(200), 5_000);
        Assert.False(scheduler.IsImmediate);
    }

    [Fact]
    public void NoDelay_IsImmediate()
    {
        var scheduler = new AckScheduler();

        scheduler.OnInOrderSegment(new(100), 0);

        Assert.True(scheduler.IsImmediate);
    }
}

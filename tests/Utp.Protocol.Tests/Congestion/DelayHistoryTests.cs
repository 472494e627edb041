using Utp.Protocol.Congestion.Ledbat;
using Utp.Protocol.Time;

namespace Utp.Protocol.Tests.Congestion;

public class DelayHistoryTests
{
    private const long Second = 1_000_000;
    private const long Minute = 60 * Second;

    [Fact]
    public void QueueingDelay_WithoutSamples_IsZero()
    {
        var history = new DelayHistory(10, 4);

        Assert.False(history.HasSamples);
        Assert.Equal(0, history.QueueingDelayMicros(At(5 * Second), Second));
    }

    [Fact]
    public void QueueingDelay_IsSmallestOfFourNewest_AboveBase()
    {
        var history = new DelayHistory(10, 4);
        foreach (var sample in new uint[] { 1_000, 9_000, 7_000, 8_000, 6_500, 9_500 })
        {
            history.Add(At(0), sample);
        }

        Assert.Equal(5_500, history.QueueingDelayMicros(At(0), Second));
    }

    [Fact]
    public void QueueingDelay_SampleOlderThanOneRoundTrip_DoesNotCount()
    {
        var history = new DelayHistory(10, 4);
        history.Add(At(0), 1_000);
        history.Add(At(100_000), 5_000);
        history.Add(At(160_000), 8_000);

        Assert.Equal(4_000, history.QueueingDelayMicros(At(160_000), 60_000));
        Assert.Equal(7_000, history.QueueingDelayMicros(At(160_000), 59_999));
    }

    [Fact]
    public void QueueingDelay_OnlyOldSamples_TakesTheNewest()
    {
        var history = new DelayHistory(10, 4);
        history.Add(At(0), 1_000);
        history.Add(At(1), 5_000);

        Assert.Equal(4_000, history.QueueingDelayMicros(At(Minute), 1));
    }

    [Fact]
    public void Base_LowerSample_IsAdoptedAtOnce()
    {
        var history = new DelayHistory(10, 4);
        history.Add(At(0), 5_000);
        history.Add(At(1), 4_000);

        Assert.Equal(4_000u, history.Base);
    }

    [Fact]
    public void Base_HigherSamples_AreAdoptedOnceEveryMinuteHasAged()
    {
        var history = new DelayHistory(10, 4);
        history.Add(At(0), 1_000);
        for (var second = 1; second < 600; second++)
        {
            history.Add(At(second * Second), 50_000);
            Assert.Equal(1_000u, history.Base);
        }

        history.Add(At(600 * Second), 50_000);

        Assert.Equal(50_000u, history.Base);
    }

    [Fact]
    public void Base_AfterIdleLongerThanTheHistory_StartsAnew()
    {
        var history = new DelayHistory(10, 4);
        history.Add(At(0), 1_000);
        history.Add(At(30 * Minute), 90_000);

        Assert.Equal(90_000u, history.Base);
    }

    [Fact]
    public void Base_IdleMinutes_AgeTheRemembered()
    {
        var history = new DelayHistory(10, 4);
        history.Add(At(0), 1_000);
        history.Add(At(Minute), 2_000);
        history.Add(At(10 * Minute), 90_000);
        Assert.Equal(2_000u, history.Base);

        history.Add(At(11 * Minute), 90_000);
        Assert.Equal(90_000u, history.Base);
    }

    [Theory]
    [InlineData(0xFFFF_FF00u, 0x0000_0100u, true)]
    [InlineData(0x0000_0100u, 0xFFFF_FF00u, false)]
    [InlineData(5u, 5u, false)]
    [InlineData(0u, 0x7FFF_FFFFu, true)]
    [InlineData(0x7FFF_FFFFu, 0u, false)]
    public void IsLess_ShorterWayRoundTheCircle_Wins(uint left, uint right, bool expected) =>
        Assert.Equal(expected, DelayHistory.IsLess(left, right));

    [Fact]
    public void QueueingDelay_AcrossTheWrap_IsUnbroken()
    {
        var history = new DelayHistory(10, 1);
        const uint Base = uint.MaxValue - 20_000;
        for (var queueing = 0u; queueing < 60_000; queueing += 500)
        {
            history.Add(At(queueing), unchecked(Base + queueing));
            Assert.Equal(queueing, history.QueueingDelayMicros(At(queueing), Second));
        }

        Assert.Equal(Base, history.Base);
    }

    [Fact]
    public void ShiftBase_RaisesEveryRememberedMinute()
    {
        var history = new DelayHistory(2, 1);
        history.Add(At(0), 1_000);
        history.Add(At(Minute), 2_000);
        history.ShiftBase(300);
        Assert.Equal(1_300u, history.Base);

        history.Add(At(2 * Minute), 9_000);
        Assert.Equal(2_300u, history.Base);
    }

    [Fact]
    public void Rebase_ForgetsTheOldBase()
    {
        var history = new DelayHistory(10, 4);
        history.Add(At(0), 1_000);
        history.Add(At(1), 81_000);
        history.Rebase(At(2), 80_000);

        Assert.Equal(80_000u, history.Base);
        Assert.Equal(1_000, history.QueueingDelayMicros(At(2), Second));
    }

    private static Instant At(long micros) => new(micros);
}

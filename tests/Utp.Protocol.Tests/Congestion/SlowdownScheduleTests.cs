using Utp.Protocol.Congestion.Ledbat;
using Utp.Protocol.Time;

namespace Utp.Protocol.Tests.Congestion;

public class SlowdownScheduleTests
{
    private const long Second = 1_000_000;

    [Fact]
    public void IsDue_AfterSlowStart_InTwoRoundTrips()
    {
        var schedule = default(SlowdownSchedule);
        schedule.AfterSlowStart(At(Second), 100_000);

        Assert.False(schedule.IsDue(At(Second + 199_999)));
        Assert.True(schedule.IsDue(At(Second + 200_000)));
    }

    [Theory]
    [InlineData(500_000, 4_500_000)]
    [InlineData(10_000, 1_000_000)]
    public void IsDue_AfterASlowdown_InNineTimesItsLengthOrASecond(long length, long interval)
    {
        var schedule = Ended(length);

        Assert.False(schedule.IsDue(At(length + interval - 1)));
        Assert.True(schedule.IsDue(At(length + interval)));
    }

    [Fact]
    public void IsShareTaken_AnEighthOfTheWindowGone_IsTrueOnceTheShortestSpacingHasPassed()
    {
        var schedule = Ended(500_000);
        schedule.RestartFrom(100_000);

        Assert.False(schedule.IsShareTaken(At(20 * Second), 88_000));
        Assert.True(schedule.IsShareTaken(At(20 * Second), 87_000));
        Assert.False(schedule.IsShareTaken(At(Second), 87_000));
    }

    [Fact]
    public void IsShareTaken_CountsFromTheLargestWindowSince()
    {
        var schedule = Ended(500_000);
        schedule.RestartFrom(100_000);
        Assert.False(schedule.IsShareTaken(At(20 * Second), 200_000));

        Assert.True(schedule.IsShareTaken(At(20 * Second), 170_000));
    }

    [Fact]
    public void ShouldJoin_BaseUnconfirmedForTenSeconds()
    {
        var schedule = Ended(500_000);
        var confirmedAt = At(20 * Second);

        Assert.False(schedule.ShouldJoin(At(30 * Second), confirmedAt));
        Assert.True(schedule.ShouldJoin(At((30 * Second) + 1), confirmedAt));
    }

    [Fact]
    public void Postpone_NeverBringsForward()
    {
        var schedule = Ended(500_000);
        schedule.Postpone(At(500_000));
        Assert.False(schedule.IsDue(At(4 * Second)));

        schedule.Postpone(At(5 * Second));
        Assert.False(schedule.IsDue(At(5 * Second)));
        Assert.True(schedule.IsDue(At(6 * Second)));
    }

    private static SlowdownSchedule Ended(long length)
    {
        var schedule = default(SlowdownSchedule);
        schedule.Begin(At(0));
        schedule.End(At(length));
        return schedule;
    }

    private static Instant At(long micros) => new(micros);
}

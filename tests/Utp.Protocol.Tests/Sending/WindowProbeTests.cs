using Utp.Protocol.Sending;
using Utp.Protocol.Time;

namespace Utp.Protocol.Tests.Sending;

public sealed class WindowProbeTests
{
    [Fact]
    public void Waits_DoubleFromOneSecondToFifteen_AndBeginAgainAfterAReset()
    {
        var probe = default(WindowProbe);

        Assert.Equal([1, 2, 4, 8, 15, 15], Enumerable.Range(0, 6).Select(_ => Seconds(probe.Schedule(Instant.Zero))));
        for (var i = 0; i < 1_000; i++)
        {
            Assert.Equal(15, Seconds(probe.Schedule(Instant.Zero)));
        }

        probe.Reset();
        Assert.Equal(1, Seconds(probe.Schedule(Instant.Zero)));
    }

    [Fact]
    public void Announcement_IsRepeatedFourTimes()
    {
        var probe = default(WindowProbe);

        Assert.Equal(1, Seconds(probe.OnWindowOpened(Instant.Zero)));
        Assert.Equal([2, 4, 8], Enumerable.Range(0, 3).Select(_ => Seconds(probe.OnUpdateRepeated(Instant.Zero))));
        Assert.True(probe.OnUpdateRepeated(Instant.Zero).IsNever);
    }

    private static long Seconds(Instant instant) => instant.Micros / 1_000_000;
}

using Utp.Protocol.Connections.Timers;
using Utp.Protocol.Sending;
using Utp.Protocol.Time;

namespace Utp.Protocol.Tests.Time;

public sealed class DeadlinesTests
{
    private static readonly ConnectionTimer[] Stored =
    [
        ConnectionTimer.Syn,
        ConnectionTimer.Linger,
        ConnectionTimer.Reorder,
        ConnectionTimer.WindowProbe,
        ConnectionTimer.Pacing,
        ConnectionTimer.WindowUpdate,
        ConnectionTimer.Confirmation,
    ];

    [Fact]
    public void NewTable_HasNoDeadline()
    {
        var deadlines = new Deadlines();

        Assert.All(Stored, timer => Assert.True(deadlines[timer].IsNever));
    }

    [Fact]
    public void EachTimer_HasADeadlineOfItsOwn()
    {
        var deadlines = new Deadlines();
        foreach (var timer in Stored)
        {
            deadlines.Set(timer, new Instant((long)timer));
        }

        Assert.All(Stored, timer => Assert.Equal(new Instant((long)timer), deadlines[timer]));
        deadlines.Clear(ConnectionTimer.Reorder);
        Assert.Equal([ConnectionTimer.Reorder], Stored.Where(timer => !deadlines.IsSet(timer)));
    }

    [Fact]
    public void ComputedDeadline_IsNotInTheTable() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Deadlines()[ConnectionTimer.Idle]);
}

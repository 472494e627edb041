using Utp.Transport.Sockets;
using Utp.Transport.Tests.Engine;

namespace Utp.Transport.Tests.Sockets;

public sealed class TurnTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TryRun_ManyThreads_LosesNoWork(bool withReceiver)
    {
        const int Rounds = 1_500;
        var asked = 0;
        var done = 0;
        var inside = 0;
        var lost = 0;
        var turn = new Turn(
            () => Volatile.Read(ref done) < Volatile.Read(ref asked),
            () =>
            {
                Assert.Equal(1, Interlocked.Increment(ref inside));
                Volatile.Write(ref done, Volatile.Read(ref asked));
                Thread.SpinWait(20);
                Interlocked.Decrement(ref inside);
            });

        // After each round nothing is left that could rescue lost work: no timer, no datagram, no further caller.
        using var round = new Barrier(4, _ => lost += asked - done);
        var askers = Enumerable.Range(0, withReceiver ? 3 : 4).Select(_ => RunRounds(() =>
        {
            Interlocked.Increment(ref asked);
            turn.TryRun();
        }));

        // The receiver takes the turn without doing the work, so that only its exit saves work that was left to it.
        var receiver = withReceiver
            ? RunRounds(() =>
            {
                turn.EnterAsReceiver();
                Thread.SpinWait(20);
                turn.Exit();
            })
            : Task.CompletedTask;
        await Task.WhenAll(askers.Append(receiver)).WaitAsync(TimeSpan.FromMinutes(3));

        Assert.Equal(0, lost);
        Assert.Equal(asked, done);

        Task RunRounds(Action act) => RunThread(() =>
        {
            for (var i = 0; i < Rounds; i++)
            {
                act();
                act();
                round.SignalAndWait();
            }
        });
    }

    [Fact]
    public void TryRun_WithinATurn_IsLeftToItsOwner()
    {
        var left = 3;
        var depth = 0;
        Turn? turn = null;
        turn = new Turn(
            () => left > 0,
            () =>
            {
                Assert.Equal(0, depth++);
                left--;
                turn!.TryRun();
                depth--;
            });

        turn.TryRun();

        Assert.Equal(0, left);
    }

    [Fact]
    public async Task TryRun_ReceiverWaits_LetsItPass()
    {
        var work = 1;
        var turn = new Turn(() => Volatile.Read(ref work) > 0, () => Volatile.Write(ref work, 0));
        using var entered = new ManualResetEventSlim();
        using var leave = new ManualResetEventSlim();
        var owner = RunThread(() =>
        {
            turn.Enter();
            entered.Set();
            leave.Wait();
            turn.Exit();
        });
        Assert.True(entered.Wait(EngineFixture.Patience));
        var receiver = RunThread(() =>
        {
            turn.EnterAsReceiver();
            turn.Exit();
        });
        await EngineFixture.EventuallyAsync(() => turn.IsWanted, "the receiver waits");

        var asker = Task.Run(turn.TryRun);
        await asker.WaitAsync(EngineFixture.Patience);

        Assert.Equal(1, work);
        leave.Set();
        await Task.WhenAll(owner, receiver).WaitAsync(EngineFixture.Patience);
        Assert.Equal(0, work);
    }

    private static Task RunThread(Action run) => Task.Factory.StartNew(run, TaskCreationOptions.LongRunning);
}

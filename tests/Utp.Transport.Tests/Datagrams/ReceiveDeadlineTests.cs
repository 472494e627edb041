using Utp.Protocol.Time;
using Utp.Transport.Datagrams;
using static Utp.Transport.Tests.Datagrams.ChannelFixture;

namespace Utp.Transport.Tests.Datagrams;

/// <summary>A receive ends at its deadline, not before, and returns the datagrams that have arrived.</summary>
public sealed class ReceiveDeadlineTests
{
    [Theory]
    [OverChannel(UtpDatagramOffload.Portable)]
    [OverChannel(UtpDatagramOffload.Batching)]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public async Task Receive_NothingArrives_EndsAtTheDeadline(UtpDatagramOffload offload)
    {
        using var channel = Open(offload);
        foreach (var micros in new[] { 300, 3_000, 30_000, 400_000 })
        {
            var deadline = Clock.Now + micros;

            Assert.False(await ReceiveAsync(channel, deadline));

            Assert.InRange(Clock.Now - deadline, 0, 5_000_000);
        }
    }

    [Theory]
    [OverChannel(UtpDatagramOffload.Portable)]
    [OverChannel(UtpDatagramOffload.Batching)]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public async Task Receive_DeadlineSoonAfterTraffic_EndsAtTheDeadline(UtpDatagramOffload offload)
    {
        // While datagrams come often, a receive spins and waits differently.
        using var channel = Open(offload);
        using var sender = Open(offload);
        for (var i = 0; i < 10; i++)
        {
            for (var datagrams = 0; datagrams < 10; datagrams++)
            {
                sender.Send(To(channel, 5, 5), Bytes(5, 1), out _);
                Assert.True(await ReceiveAsync(channel, Instant.Never));
            }

            var deadline = Clock.Now + (1_000 * (i + 1));
            Assert.False(await ReceiveAsync(channel, deadline));
            Assert.InRange(Clock.Now - deadline, 0, 5_000_000);
        }
    }

    [Theory]
    [OverChannel(UtpDatagramOffload.Portable)]
    [OverChannel(UtpDatagramOffload.Batching)]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public async Task Receive_DeadlinePassed_DeliversWhatHasArrived(UtpDatagramOffload offload)
    {
        using var channel = Open(offload);
        using var sender = Open(offload);
        sender.Send(To(channel, 5, 5), Bytes(5, 1), out _);

        Assert.True(await ReceiveAsync(channel, Clock.Now + -1_000));
        Assert.False(await ReceiveAsync(channel, Clock.Now + -1_000));
    }

    [Theory]
    [OverChannel(UtpDatagramOffload.Portable)]
    [OverChannel(UtpDatagramOffload.Batching)]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public async Task Wake_LongBeforeTheDeadline_EndsTheWait(UtpDatagramOffload offload)
    {
        using var channel = Open(offload);
        for (var i = 0; i < 20; i++)
        {
            var receive = ReceiveAsync(channel, Clock.Now + 3_600_000_000);
            channel.Wake();
            Assert.False(await receive);
        }
    }

    private static Task<bool> ReceiveAsync(IDatagramChannel channel, Instant deadline) =>
        Task.Factory.StartNew(() => channel.Receive(NewBatch(), deadline), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)
            .WaitAsync(Patience);
}

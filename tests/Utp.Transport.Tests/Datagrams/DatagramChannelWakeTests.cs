using System.Net;
using Utp.Transport.Datagrams;
using static Utp.Transport.Tests.Datagrams.ChannelFixture;

namespace Utp.Transport.Tests.Datagrams;

/// <summary>Ending a wait by <see cref="IDatagramChannel.Wake"/> or dispose, from any thread.</summary>
public sealed class DatagramChannelWakeTests
{
    /// <summary>Addresses whose sockets are woken in different ways; IPv6Any also where IPv6 is missing.</summary>
    private static readonly IPAddress[] Addresses = HasIPv6Loopback
        ? [IPAddress.Loopback, IPAddress.Any, IPAddress.IPv6Any, IPAddress.IPv6Loopback]
        : [IPAddress.Loopback, IPAddress.Any, IPAddress.IPv6Any];

    [Theory]
    [OverChannel(UtpDatagramOffload.Portable)]
    [OverChannel(UtpDatagramOffload.Batching)]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public async Task Wake_WhileReceiveWaits_EndsIt(UtpDatagramOffload offload)
    {
        foreach (var address in Addresses)
        {
            using var channel = Open(offload, address);
            for (var i = 0; i < 20; i++)
            {
                var receive = StartReceive(channel);
                channel.Wake();
                Assert.False(await receive);
            }
        }
    }

    [Theory]
    [OverChannel(UtpDatagramOffload.Portable)]
    [OverChannel(UtpDatagramOffload.Batching)]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public async Task Wake_BeforeReceive_EndsTheNextOnceOnly(UtpDatagramOffload offload)
    {
        using var channel = Open(offload);
        channel.Wake();
        channel.Wake();
        Assert.False(await StartReceive(channel));

        var second = StartReceive(channel);
        var winner = await Task.WhenAny(second, Task.Delay(100));
        Assert.NotSame(second, winner);
        channel.Wake();
        Assert.False(await second);
    }

    [Theory]
    [OverChannel(UtpDatagramOffload.Portable)]
    [OverChannel(UtpDatagramOffload.Batching)]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public async Task Wake_WithDatagramsWaiting_DeliversThem(UtpDatagramOffload offload)
    {
        using var channel = Open(offload);
        using var sender = Open(offload);
        sender.Send(To(channel, 5, 5), Bytes(5, 1), out _);
        channel.Wake();

        Assert.True(await StartReceive(channel));
    }

    [Theory]
    [OverChannel(UtpDatagramOffload.Portable)]
    [OverChannel(UtpDatagramOffload.Batching)]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public async Task Wake_FromManyThreadsDuringTraffic_IsNeverLost(UtpDatagramOffload offload)
    {
        using var channel = Open(offload);
        using var sender = Open(offload);
        var requested = 0;
        var seen = 0;
        var receiver = Task.Factory.StartNew(
            () =>
            {
                var batch = NewBatch();
                while (Volatile.Read(ref seen) >= 0)
                {
                    channel.Receive(batch);
                    Interlocked.Exchange(ref seen, Volatile.Read(ref requested));
                }
            },
            TaskCreationOptions.LongRunning);
        var traffic = Task.Run(() =>
        {
            for (var i = 0; i < 2_000; i++)
            {
                sender.Send(To(channel, 5, 5), Bytes(5, 1), out _);
            }
        });

        // The receiver must see each request after its wake-up; a lost one would never be seen once the traffic has ended.
        for (var i = 1; i <= 3_000; i++)
        {
            Interlocked.Increment(ref requested);
            channel.Wake();
            if (i % 10 == 0)
            {
                var expected = i;
                Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref seen) >= expected, Patience), $"Wake-up {i} was lost.");
            }
        }

        await traffic.WaitAsync(Patience);
        channel.Dispose();
        Interlocked.Exchange(ref seen, int.MinValue);
        Interlocked.Exchange(ref requested, int.MinValue);
        await receiver.WaitAsync(Patience);
    }

    [Theory]
    [OverChannel(UtpDatagramOffload.Portable)]
    [OverChannel(UtpDatagramOffload.Batching)]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public async Task Dispose_WhileReceiveWaits_EndsIt(UtpDatagramOffload offload)
    {
        foreach (var address in Addresses)
        {
            for (var i = 0; i < 20; i++)
            {
                var channel = Open(offload, address);
                var receive = StartReceive(channel);
                if (i % 2 == 0)
                {
                    await Task.Yield();
                }

                await Task.Run(channel.Dispose).WaitAsync(Patience);
                Assert.False(await receive);
            }
        }
    }

    [Theory]
    [OverChannel(UtpDatagramOffload.Portable)]
    [OverChannel(UtpDatagramOffload.Batching)]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public async Task EveryCall_AfterDispose_SaysClosed(UtpDatagramOffload offload)
    {
        using var peer = Open(offload);
        var channel = Open(offload);
        channel.Dispose();
        channel.Dispose();

        channel.Wake();
        Assert.False(await StartReceive(channel));
        Assert.Equal(SendOutcome.Closed, channel.Send(To(peer, 5, 5), Bytes(5, 1), out var bytesSent));
        Assert.Equal(SendOutcome.Closed, channel.Send(To(peer, 9, 5), Bytes(9, 1), out _));
        Assert.Equal(SendOutcome.Closed, channel.Send(To(peer, 9, 5, allowFragmentation: true), Bytes(9, 1), out _));
        Assert.Equal(0, bytesSent);
        Assert.False(channel.WaitWritable(TimeSpan.FromSeconds(5)));
    }

    [Theory]
    [OverChannel(UtpDatagramOffload.Portable)]
    [OverChannel(UtpDatagramOffload.Batching)]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public void WaitWritable_WithRoomInTheBuffer_IsTrueAtOnce(UtpDatagramOffload offload)
    {
        using var channel = Open(offload);

        Assert.True(channel.WaitWritable(TimeSpan.FromMinutes(5)));
    }

    private static Task<bool> StartReceive(IDatagramChannel channel)
    {
        var started = new ManualResetEventSlim();
        var receive = Task.Factory.StartNew(
            () =>
            {
                started.Set();
                return channel.Receive(NewBatch());
            },
            TaskCreationOptions.LongRunning);
        Assert.True(started.Wait(Patience));
        return receive.WaitAsync(Patience);
    }
}

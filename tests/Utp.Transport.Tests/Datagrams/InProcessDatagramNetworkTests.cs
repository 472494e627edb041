using System.Buffers.Binary;
using Utp.Transport.Datagrams;
using static Utp.Transport.Tests.Datagrams.ChannelFixture;

namespace Utp.Transport.Tests.Datagrams;

/// <summary>Tests of the instrument: the links impair datagrams at the configured rates.</summary>
public sealed class InProcessDatagramNetworkTests
{
    private const int Seed = 20_260_101;

    [Fact]
    public async Task Link_WithoutImpairments_DeliversAllInOrder()
    {
        var network = new InProcessDatagramNetwork(Seed, LinkImpairments.None);

        Assert.Equal(Enumerable.Range(0, 2_000), await SendNumberedAsync(network, 2_000));
    }

    [Theory]
    [InlineData(0.03, 0, 0)]
    [InlineData(0, 0.02, 0)]
    [InlineData(0.02, 0.01, 0.02)]
    public async Task Link_WithImpairments_HasTheirRates(double loss, double duplication, double reordering)
    {
        var network = new InProcessDatagramNetwork(Seed, new LinkImpairments(loss, duplication, reordering));

        var arrived = await SendNumberedAsync(network, 20_000);

        var lost = 20_000 - arrived.Distinct().Count();
        var duplicated = arrived.Count - arrived.Distinct().Count();
        Assert.True(Math.Abs((lost / 20_000.0) - loss) < 0.005, $"lost {lost}; {network}");
        Assert.True(Math.Abs((duplicated / 20_000.0) - duplication) < 0.005, $"duplicated {duplicated}; {network}");
        Assert.Equal(lost, network.LostCount);
        Assert.Equal(duplicated, network.DuplicatedCount);
    }

    [Fact]
    public async Task Link_WithReordering_LetsLaterDatagramsOvertake()
    {
        var network = new InProcessDatagramNetwork(Seed, new LinkImpairments(Reordering: 0.02));

        var arrived = await SendNumberedAsync(network, 20_000);

        var late = arrived.Zip(arrived.Skip(1)).Count(pair => pair.First > pair.Second);
        Assert.Equal(Enumerable.Range(0, 20_000), arrived.Order());
        Assert.True(late is > 300 and < 500, $"{late} datagrams came behind later ones; {network}");
    }

    [Fact]
    public async Task Link_SameSeed_LosesTheSameDatagrams()
    {
        var impairments = new LinkImpairments(Loss: 0.1);

        var first = await SendNumberedAsync(new InProcessDatagramNetwork(Seed, impairments), 1_000);
        var second = await SendNumberedAsync(new InProcessDatagramNetwork(Seed, impairments), 1_000);
        var other = await SendNumberedAsync(new InProcessDatagramNetwork(Seed + 1, impairments), 1_000);

        Assert.Equal(first, second);
        Assert.NotEqual(first, other);
    }

    [Fact]
    public void Link_QueueFull_DropsAndCounts()
    {
        var network = new InProcessDatagramNetwork(Seed, LinkImpairments.None with { QueueBytes = 10_000 });
        using var sender = network.Open();
        using var receiver = network.Open();

        Assert.Equal(SendOutcome.Sent, sender.Send(To(receiver, 15_000, 1_000), Bytes(15_000, 1), out var bytesSent));

        Assert.Equal(15_000, bytesSent);
        Assert.Equal(5, network.OverflowCount);
    }

    [Fact]
    public async Task Channel_WokenOrDisposed_EndsReceive()
    {
        var network = new InProcessDatagramNetwork(Seed, LinkImpairments.None);
        var channel = network.Open();
        var woken = Task.Run(() => channel.Receive(NewBatch()));
        channel.Wake();
        Assert.False(await woken.WaitAsync(Patience));

        var disposed = Task.Run(() => channel.Receive(NewBatch()));
        channel.Dispose();
        Assert.False(await disposed.WaitAsync(Patience));
        Assert.Equal(SendOutcome.Closed, channel.Send(To(channel, 5, 5), Bytes(5, 1), out _));
    }

    private static async Task<List<int>> SendNumberedAsync(InProcessDatagramNetwork network, int count)
    {
        using var sender = network.Open();
        using var receiver = network.Open();
        var numbers = Task.Run(() =>
        {
            var arrived = new List<int>();
            var batch = NewBatch();
            while (true)
            {
                receiver.Receive(batch);
                for (var i = 0; i < batch.Count; i++)
                {
                    var number = BinaryPrimitives.ReadInt32BigEndian(batch.BytesOf(i));
                    if (number < 0)
                    {
                        return arrived;
                    }

                    arrived.Add(number);
                }
            }
        });

        var train = new byte[100];
        for (var i = 0; i < count; i += 10)
        {
            for (var k = 0; k < 10; k++)
            {
                BinaryPrimitives.WriteInt32BigEndian(train.AsSpan(k * 10), i + k);
            }

            sender.Send(To(receiver, train.Length, 10), train, out _);
        }

        // The end mark enters unimpaired, behind every datagram that is held back.
        Assert.True(SpinWait.SpinUntil(() => receiver.PendingCount == 0, Patience));
        BinaryPrimitives.WriteInt32BigEndian(train, -1);
        Assert.True(receiver.TryEnqueue(sender.Address, train[..10], overtakenBy: 0));
        return await numbers.WaitAsync(Patience);
    }
}

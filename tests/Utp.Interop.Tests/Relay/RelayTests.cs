using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Utp.Transport.Datagrams;

namespace Utp.Interop.Tests.Relay;

/// <summary>Tests of the instrument: a relay that should lose 5 % loses 5 %, and so on.</summary>
public sealed class RelayTests
{
    private const int Count = 4_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Relay_WithoutImpairment_PassesEverythingInOrderBothWays()
    {
        var (there, back) = await RunAsync(Impairment.None);

        Assert.Equal(Enumerable.Range(0, Count), there);
        Assert.Equal(Enumerable.Range(0, Count), back);
    }

    [Theory]
    [InlineData(0.02)]
    [InlineData(0.05)]
    public async Task Relay_Loss_IsAsMuchAsAskedAndTheSameForTheSameSeed(double loss)
    {
        var (there, back) = await RunAsync(new Impairment("loss") { Loss = loss });
        var (again, _) = await RunAsync(new Impairment("loss") { Loss = loss });

        Assert.InRange(1 - (there.Count / (double)Count), loss * 0.7, loss * 1.3);
        Assert.InRange(1 - (back.Count / (double)Count), loss * 0.7, loss * 1.3);
        Assert.Equal(there, again);
        Assert.NotEqual(there, back);
    }

    [Fact]
    public async Task Relay_Duplication_IsAsMuchAsAsked()
    {
        var (there, _) = await RunAsync(new Impairment("duplication") { Duplication = 0.03 });

        Assert.InRange((there.Count / (double)Count) - 1, 0.02, 0.04);
        Assert.Equal(Count, there.Distinct().Count());
    }

    [Fact]
    public async Task Relay_Reordering_LetsSomeBeOvertakenAndLosesNone()
    {
        var impairment = new Impairment("reordering") { Reordering = 0.03 };
        var (there, _) = await RunAsync(impairment);

        var overtaken = there.Zip(there.Skip(1)).Count(pair => pair.First > pair.Second);
        Assert.InRange(overtaken / (double)Count, 0.02, 0.04);
        Assert.Equal(Enumerable.Range(0, Count), there.Order());
    }

    [Fact]
    public async Task Relay_Delay_HoldsEachDatagramSoLong()
    {
        using var target = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        using var dialler = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        using var relay = new DatagramRelay(
            (IPEndPoint)target.Client.LocalEndPoint!, new Impairment("delay") { Delay = TimeSpan.FromMilliseconds(20) }, seed: 1);
        var watch = Stopwatch.StartNew();

        await dialler.SendAsync(new byte[] { 1 }, relay.EndPoint);
        var request = await target.ReceiveAsync().WaitAsync(Patience);
        Assert.True(watch.Elapsed >= TimeSpan.FromMilliseconds(20), $"there after {watch.Elapsed}");
        await target.SendAsync(new byte[] { 2 }, request.RemoteEndPoint);
        await dialler.ReceiveAsync().WaitAsync(Patience);
        Assert.True(watch.Elapsed >= TimeSpan.FromMilliseconds(40), $"and back after {watch.Elapsed}");
    }

    /// <summary>Sends numbered datagrams through a relay, and their numbers back, in small groups that do not overflow a kernel buffer.</summary>
    private static async Task<(List<int> There, List<int> Back)> RunAsync(Impairment impairment)
    {
        using var target = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        using var dialler = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        using var relay = new DatagramRelay((IPEndPoint)target.Client.LocalEndPoint!, impairment, seed: 5);
        var (there, relayed) = await SendAsync(dialler, relay.EndPoint, target, relay.ToTarget);
        var (back, _) = await SendAsync(target, relayed, dialler, relay.ToDialler);
        return (there, back);
    }

    private static async Task<(List<int> Numbers, IPEndPoint Sender)> SendAsync(UdpClient from, IPEndPoint to, UdpClient receiver, RelayDirection direction)
    {
        var received = new List<int>();
        var sender = new IPEndPoint(IPAddress.Any, 0);
        var before = direction.ReceivedCount;
        for (var i = 0; i < Count; i++)
        {
            await from.SendAsync(BitConverter.GetBytes(i), to);
            if (i % 50 == 49 || i == Count - 1)
            {
                // A datagram has passed the relay when it is counted and not held back; loopback may need a moment more on a busy machine.
                Assert.True(
                    SpinWait.SpinUntil(() => direction.ReceivedCount - before > i, Patience),
                    $"Only {direction.ReceivedCount - before} of {i + 1} arrived.");
                Assert.True(i < Count - 1 || SpinWait.SpinUntil(() => direction.WaitingCount == 0, Patience), "The relay holds datagrams back.");
                await Task.Delay(i == Count - 1 ? 200 : 0);
                while (receiver.Available > 0)
                {
                    received.Add(BitConverter.ToInt32(receiver.Receive(ref sender!)));
                }
            }
        }

        return (received, sender);
    }
}

using Microsoft.Extensions.Time.Testing;
using Utp.Transport.Engine;
using Utp.Transport.Tests.Datagrams;
using Utp.Transport.Tests.Engine;

namespace Utp.Transport.Tests.Standalone;

public class KeepAliveTests
{
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(25);
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(100);

    [Fact]
    public async Task IdleConnection_WithKeepAlives_OutlivesTheIdleTimeout()
    {
        var (packets, reason) = await BeSilentAsync(TimeSpan.FromSeconds(10));

        // Each side sends after about 1, 3 and 8 seconds, then every 8.3 s, a third of the idle timeout, for a hundred seconds.
        Assert.InRange(packets, 24, 30);
        Assert.Equal(UtpCloseReason.None, reason);
    }

    [Fact]
    public async Task IdleConnection_WithoutKeepAlives_IsAskedAboutAndOutlivesTheIdleTimeout()
    {
        var (packets, reason) = await BeSilentAsync(TimeSpan.Zero);

        // In each half of the idle timeout, both sides, or one of them, send one question and one answer.
        Assert.InRange(packets, 10, 40);
        Assert.Equal(UtpCloseReason.None, reason);
    }

    /// <summary>Keeps two connected ends silent for a while of virtual time.</summary>
    private static async Task<(int Packets, UtpCloseReason Reason)> BeSilentAsync(TimeSpan keepAliveInterval)
    {
        var time = new FakeTimeProvider();
        var network = new InProcessDatagramNetwork(1, LinkImpairments.None, new UtpClock(time));
        var fixture = new EngineFixture(
            options =>
            {
                options.KeepAliveInterval = keepAliveInterval;
                options.IdleTimeout = IdleTimeout;
            },
            network,
            time);
        var (client, _) = await fixture.ConnectPairAsync();
        await SettleAsync();
        var sentBefore = network.SentCount;

        var reason = UtpCloseReason.None;
        for (var second = 0; second < Silence.TotalSeconds && reason == UtpCloseReason.None; second++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await SettleAsync();
            reason = client.CloseReason;
        }

        var packets = network.SentCount - sentBefore;
        await fixture.DisposeAsync();
        return (packets, reason);

        // Threads deliver datagrams in real time: virtual time waits for them.
        Task SettleAsync() => EngineFixture.EventuallyAsync(
            () => fixture.ClientEngine.ReadCounters().PacketsReceived + fixture.ServerEngine.ReadCounters().PacketsReceived >= network.SentCount,
            $"every datagram received ({network})");
    }
}

using Microsoft.Extensions.Time.Testing;
using Utp.Transport.Engine;
using Utp.Transport.Tests.Datagrams;
using Utp.Transport.Tests.Engine;

namespace Utp.Transport.Tests.Friendly;

public class KeepAliveTests
{
    [Fact]
    public async Task IdleConnection_KeepAliveInterval_SendsAndOutlivesTheIdleTimeout()
    {
        var time = new FakeTimeProvider();
        var network = new InProcessDatagramNetwork(1, LinkImpairments.None, new UtpClock(time));
        var fixture = new EngineFixture(
            options =>
            {
                options.KeepAliveInterval = TimeSpan.FromSeconds(10);
                options.IdleTimeout = TimeSpan.FromSeconds(25);
            },
            network,
            time);
        var (client, server) = await fixture.ConnectPairAsync();
        var sentBefore = network.SentCount;

        for (var second = 0; second < 100; second++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        await EngineFixture.EventuallyAsync(() => network.SentCount - sentBefore >= 10, "a keepalive every ten seconds from both sides");
        Assert.False(client.ConnectionClosed.IsCancellationRequested);
        Assert.False(server.ConnectionClosed.IsCancellationRequested);
    }
}

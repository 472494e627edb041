using System.Net;
using System.Net.Sockets;
using Utp.Transport.Datagrams.Sharding;
using Utp.Transport.Tests.Datagrams;
using Utp.Transport.Tests.Datagrams.Linux;
using Utp.Transport.Tests.Engine;
using static Utp.Transport.Tests.Engine.PipeAssertions;

namespace Utp.Transport.Tests.Connections;

/// <summary>A connect to a port that no socket has: the network reports it, and the caller need not wait for the timeout.</summary>
public sealed class ClosedPortTests
{
    [LinuxFact]
    public Task Connect_Batching_IsRefusedAtOnce() => AssertRefusedAsync(UtpDatagramOffload.Batching, IPAddress.Loopback);

    [LinuxFact]
    public Task Connect_Segmentation_IsRefusedAtOnce() => AssertRefusedAsync(UtpDatagramOffload.Segmentation, IPAddress.Loopback);

    [LinuxFact]
    public Task Connect_IPv6_IsRefusedAtOnce() =>
        ChannelFixture.HasIPv6Loopback ? AssertRefusedAsync(UtpDatagramOffload.Auto, IPAddress.IPv6Loopback) : Task.CompletedTask;

    [LinuxFact]
    public async Task Connect_FromADualModeSocketToIPv4_IsRefusedAtOnce()
    {
        await using var engines = new EngineFixture();
        await using var near = await engines.ClientEngine.BindAsync(new IPEndPoint(IPAddress.IPv6Any, 0), engines.ClientEngine.DefaultOptions);
        using var closed = new ClosedPort(IPAddress.Loopback);

        var error = await Assert.ThrowsAsync<SocketException>(() => engines.ClientEngine
            .ConnectAsync(closed.EndPoint, engines.Options, EngineFixture.AddressOf(near)).AsTask().WaitAsync(EngineFixture.Patience));

        Assert.Equal(SocketError.ConnectionRefused, error.SocketErrorCode);
    }

    [LinuxFact]
    public async Task Connect_ThroughTheClient_IsASocketExceptionThatNamesThePeer()
    {
        using var closed = new ClosedPort(IPAddress.Loopback);
        await using var client = new UtpClient();

        var error =
            await Assert.ThrowsAsync<SocketException>(() => client.ConnectAsync("127.0.0.1", closed.EndPoint.Port).AsTask().WaitAsync(EngineFixture.Patience));

        Assert.Equal(SocketError.ConnectionRefused, error.SocketErrorCode);
        Assert.Contains(closed.EndPoint.ToString(), error.Message, StringComparison.Ordinal);
        Assert.Equal(0, client.ConnectionCount);
    }

    [LinuxFact]
    public async Task Refusals_OnTheSameSocket_CostOtherConnectionsNothing()
    {
        foreach (var offload in new[] { UtpDatagramOffload.Batching, UtpDatagramOffload.Segmentation })
        {
            await using var engines = new EngineFixture(options => options.DatagramOffload = offload);
            var (client, server) = await engines.ConnectPairAsync();
            using var closed = new ClosedPort(IPAddress.Loopback);
            var payload = Pattern(20_000_000);
            var read = server.Transport.Input.ReadExactlyAsync(payload.Length);
            var write = client.Transport.Output.WriteAsync(payload).AsTask();

            for (var i = 0; i < 200; i++)
            {
                await Assert.ThrowsAsync<SocketException>(() =>
                    engines.ClientEngine.ConnectAsync(closed.EndPoint, engines.Options, null).AsTask().WaitAsync(EngineFixture.Patience));
            }

            await write.WaitAsync(EngineFixture.Patience);
            Assert.Equal(payload, await read);
            Assert.Equal(engines.ShardCount, engines.ClientEngine.SocketCount);
            await client.DisposeAsync();
            await server.DisposeAsync();
        }
    }

    private static async Task AssertRefusedAsync(UtpDatagramOffload offload, IPAddress address)
    {
        await using var engines = new EngineFixture(options => options.DatagramOffload = offload);
        using var closed = new ClosedPort(address);

        var error = await Assert.ThrowsAsync<SocketException>(() =>
            engines.ClientEngine.ConnectAsync(closed.EndPoint, engines.Options, null).AsTask().WaitAsync(EngineFixture.Patience));

        Assert.Equal(SocketError.ConnectionRefused, error.SocketErrorCode);

        // The report about the first request ended the connect, which sent no second request.
        Assert.Equal(1, engines.ClientEngine.ReadCounters().PacketsSent);
    }
}

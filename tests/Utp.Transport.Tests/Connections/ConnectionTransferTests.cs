using System.Text;
using Utp.Transport.Connections;
using Utp.Transport.Tests.Datagrams;
using Utp.Transport.Tests.Engine;
using static Utp.Transport.Tests.Engine.PipeAssertions;

namespace Utp.Transport.Tests.Connections;

public sealed class ConnectionTransferTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Connection_OneMessageEachWay_Arrives()
    {
        await using var engines = new EngineFixture();
        var (client, server) = await engines.ConnectPairAsync();

        await client.Transport.Output.WriteAsync("question"u8.ToArray());
        Assert.Equal("question", Encoding.ASCII.GetString(await server.Transport.Input.ReadExactlyAsync(8)));
        await server.Transport.Output.WriteAsync("answer"u8.ToArray());
        Assert.Equal("answer", Encoding.ASCII.GetString(await client.Transport.Input.ReadExactlyAsync(6)));

        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Theory]
    [InlineData(0.02, 0.01, 0.02)]
    [InlineData(0.05, 0, 0)]
    [InlineData(0, 0.05, 0.1)]
    public async Task Transfer_OverABadNetwork_ArrivesWholeBothWays(double loss, double duplication, double reordering)
    {
        var network = new InProcessDatagramNetwork(20_261_122, new LinkImpairments(loss, duplication, reordering));
        await using var engines = new EngineFixture(network: network);
        var (client, server) = await engines.ConnectPairAsync(server: options => options.CloseOnPeerFinish = false);
        var (there, back) = (Pattern(3_000_000, 1), Pattern(3_000_000, 2));

        var atServer = server.Transport.Input.ReadToEndAsync(Patience);
        var atClient = client.Transport.Input.ReadToEndAsync(Patience);
        await Task.WhenAll(WriteAndFinishAsync(client, there), WriteAndFinishAsync(server, back)).WaitAsync(Patience);

        AssertSame(there, await atServer, network.ToString());
        AssertSame(back, await atClient, network.ToString());
        await client.DisposeAsync();
        await server.DisposeAsync();
        await EngineFixture.EventuallyAsync(() => engines.Pools.RentedCount == 0, $"all blocks are back; {network}");
    }

    [Theory]
    [InlineData(UtpDatagramOffload.Portable)]
    [InlineData(UtpDatagramOffload.Auto)]
    public async Task Transfer_StockKernelBuffers_DoesNotCollapse(UtpDatagramOffload offload)
    {
        // This is what stock Linux distributions grant. The kernel drops a flight beyond it, and a peer that ignores this falls to 5 MB/s.
        await using var engines = new EngineFixture(options =>
        {
            options.DatagramOffload = offload;
            options.KernelReceiveBufferSize = 212_992;
            options.KernelSendBufferSize = 212_992;
        });
        var (client, server) = await engines.ConnectPairAsync(server: options => options.CloseOnPeerFinish = false);
        var payload = Pattern(32 * 1024 * 1024);

        var read = server.Transport.Input.ReadToEndAsync(Patience);
        await WriteAndFinishAsync(client, payload).WaitAsync(Patience);

        AssertSame(payload, await read, offload.ToString());
        var statistics = client.CoreStatisticsNow();
        Assert.True(
            statistics.SegmentsRetransmitted * 50 < statistics.SegmentsSent,
            $"{statistics.SegmentsRetransmitted} of {statistics.SegmentsSent} segments were sent again, with {statistics.Timeouts} timeouts.");
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    /// <summary>Compares without printing megabytes on a failure.</summary>
    private static void AssertSame(byte[] expected, byte[] actual, string context) => Assert.True(expected.AsSpan().SequenceEqual(actual), context);

    private static async Task WriteAndFinishAsync(UtpConnection connection, byte[] payload)
    {
        for (var offset = 0; offset < payload.Length; offset += 60_000)
        {
            var flush = await connection.Transport.Output.WriteAsync(payload.AsMemory(offset, Math.Min(60_000, payload.Length - offset)));
            Assert.False(flush.IsCompleted);
        }

        await connection.CompleteWritesAsync(default);
    }
}

using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Utp.Protocol.Sockets;
using Utp.Transport.Connections;
using Utp.Transport.Datagrams;
using Utp.Transport.Tests.Datagrams;
using Utp.Transport.Tests.Engine;
using static Utp.Transport.Tests.Engine.PipeAssertions;

namespace Utp.Transport.Tests.Sockets;

/// <summary>The possible results of a send, and the required reactions.</summary>
public sealed class ChannelFaultTests
{
    private static readonly TimeSpan Patience = EngineFixture.Patience;

    [Fact]
    public async Task WouldBlock_AtEveryThirdSend_IsNeverLoss()
    {
        // This queue never overflows, however long the receiver waits for a processor.
        var network = new InProcessDatagramNetwork(1, LinkImpairments.None with { QueueBytes = 100_000_000 });
        await using var engines = new EngineFixture(network: network);
        var (client, server) = await engines.ConnectPairAsync();
        var payload = Pattern(2_000_000);
        var (sends, blocked) = (0, 0);
        engines.Fault = (in Transmit transmit, ReadOnlySpan<byte> _, ref int _) =>
        {
            if (Interlocked.Increment(ref sends) % 3 != 0)
            {
                return null;
            }

            Interlocked.Increment(ref blocked);
            return SendOutcome.WouldBlock;
        };

        var read = server.Transport.Input.ReadExactlyAsync(payload.Length, TimeSpan.FromMinutes(1));
        await client.Transport.Output.WriteAsync(payload).AsTask().WaitAsync(Patience);

        Assert.Equal(payload, await read);
        engines.Fault = null;
        Assert.True(blocked > 5, $"Blocked only {blocked} times.");

        // On a busy machine a timeout can end the connection first, whatever the channel returns.
        var statistics = client.CoreStatisticsNow();
        Assert.True(statistics.SegmentsLost == 0 || statistics.Timeouts > 0, $"{statistics.SegmentsLost} segments were marked lost.");
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task WouldBlock_InTheMiddleOfATrain_SendsTheRestLater()
    {
        await using var engines = new EngineFixture(options => options.DatagramOffload = UtpDatagramOffload.Portable);
        var (client, server) = await engines.ConnectPairAsync();
        var payload = Pattern(1_000_000);
        var cut = 0;
        engines.Fault = (in Transmit transmit, ReadOnlySpan<byte> train, ref int bytesSent) =>
        {
            // Only the first segment is sent. The test channel cannot send it itself, so it is lost and the protocol retransmits it.
            if (transmit.SegmentCount < 4 || Interlocked.Increment(ref cut) > 5)
            {
                return null;
            }

            bytesSent = transmit.SegmentSize;
            return SendOutcome.WouldBlock;
        };

        var read = server.Transport.Input.ReadExactlyAsync(payload.Length, TimeSpan.FromMinutes(1));
        await client.Transport.Output.WriteAsync(payload).AsTask().WaitAsync(Patience);

        Assert.Equal(payload, await read);

        // Each cut loses segments and shrinks the window: the congestion controller determines how many long trains follow.
        Assert.True(cut > 0, "No train was cut.");
        engines.Fault = null;
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task MessageTooLong_AboveSomeSize_IsNotCongestion()
    {
        // A defect would cause timeouts each time; a busy machine does not delay three transfers for so long.
        var timeouts = long.MaxValue;
        for (var attempt = 1; attempt <= 3 && timeouts > 0; attempt++)
        {
            timeouts = await TransferOverAShortPathAsync();
        }

        Assert.Equal(0, timeouts);
    }

    [Fact]
    public async Task Failed_NowAndThen_IsLossAndNoMore()
    {
        var network = new InProcessDatagramNetwork(1, LinkImpairments.None);
        await using var engines = new EngineFixture(network: network);
        var (client, server) = await engines.ConnectPairAsync();
        var payload = Pattern(500_000);
        var sends = 0;
        engines.Fault = (in Transmit _, ReadOnlySpan<byte> _, ref int _) => Interlocked.Increment(ref sends) % 40 == 0 ? SendOutcome.Failed : null;

        var read = server.Transport.Input.ReadExactlyAsync(payload.Length, TimeSpan.FromMinutes(1));
        await client.Transport.Output.WriteAsync(payload).AsTask().WaitAsync(Patience);

        Assert.Equal(payload, await read);
        engines.Fault = null;
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Exception_InATurn_EndsItsSocketAudiblyAndNoOther()
    {
        var logs = new FakeLoggerProvider();
        using var factory = LoggerFactory.Create(builder => builder.AddProvider(logs));
        await using var engines = new EngineFixture(loggerFactory: factory);
        var (client, server) = await engines.ConnectPairAsync();
        var port = ((System.Net.IPEndPoint)client.LocalEndPoint!).Port;
        var (otherClient, otherServer) = await engines.ConnectPairAsync();

        // Only a defect could throw here: the socket to the second server continues.
        engines.Fault = (in Transmit transmit, ReadOnlySpan<byte> _, ref int _) =>
            transmit.Remote.Port == port ? throw new InvalidOperationException("a defect") : null;
        await server.Transport.Output.WriteAsync("x"u8.ToArray());

        await Assert.ThrowsAsync<ConnectionAbortedException>(async () => await server.Transport.Input.ReadAsync().AsTask().WaitAsync(Patience));
        Assert.True(server.ConnectionClosed.IsCancellationRequested);
        Assert.Contains(logs.Collector.GetSnapshot(), record => record.Id.Name == "EngineFailed" && record.Level == LogLevel.Critical);
        engines.Fault = null;
        await otherClient.Transport.Output.WriteAsync("fine"u8.ToArray());
        Assert.Equal("fine"u8.ToArray(), await otherServer.Transport.Input.ReadExactlyAsync(4));
        await otherClient.DisposeAsync();
        await otherServer.DisposeAsync();
        client.Abort();
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    /// <summary>Runs a transfer through a channel that accepts at most 1,300 bytes.</summary>
    /// <returns>The number of the sender's timeouts.</returns>
    private static async Task<long> TransferOverAShortPathAsync()
    {
        var network = new InProcessDatagramNetwork(1, LinkImpairments.None with { QueueBytes = 100_000_000 });
        await using var engines = new EngineFixture(network: network);
        engines.Fault = static (in Transmit transmit, ReadOnlySpan<byte> _, ref int _) =>
            transmit.SegmentSize > 1_300 && !transmit.AllowFragmentation ? SendOutcome.MessageTooLong : null;
        var (client, server) = await engines.ConnectPairAsync();
        var payload = Pattern(2_000_000);

        var read = server.Transport.Input.ReadExactlyAsync(payload.Length, TimeSpan.FromMinutes(1));
        await WriteAllAsync(client, payload);

        Assert.Equal(payload, await read);
        Assert.InRange(client.CoreStatisticsNow().PathMtuBytes, 1_000, 1_300);
        var timeouts = client.CoreStatisticsNow().Timeouts;
        engines.Fault = null;
        await client.DisposeAsync();
        await server.DisposeAsync();
        return timeouts;
    }

    private static async Task WriteAllAsync(UtpConnection connection, byte[] payload)
    {
        for (var offset = 0; offset < payload.Length; offset += 50_000)
        {
            await connection.Transport.Output.WriteAsync(payload.AsMemory(offset, 50_000)).AsTask().WaitAsync(Patience);
        }
    }
}

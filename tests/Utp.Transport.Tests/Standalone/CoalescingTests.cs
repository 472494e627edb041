using System.Buffers;
using Utp.Transport.Tests.Engine;

namespace Utp.Transport.Tests.Standalone;

/// <summary>
/// Small writes that belong together are sent in as few packets as the window allows: what is flushed together is sent together. The tests count the
/// data packets sent.
/// </summary>
public class CoalescingTests
{
    private const int WriteCount = 1_000;

    /// <summary>A payload that fits into the packets that a connection starts with.</summary>
    private const int SmallestPacketPayload = 500;

    [Fact]
    public async Task PipeWriter_ManyWritesAndOneFlush_LeaveInFullPackets()
    {
        await using var pair = await StandalonePair.CreateAsync();
        var (client, server) = await pair.ConnectAsync();
        var output = client.Connection.Transport.Output;

        for (var i = 0; i < WriteCount; i++)
        {
            output.Write("0123456789"u8);
        }

        await output.FlushAsync();
        await AssertPacketsAsync(client, server, WriteCount * 10);
    }

    [Fact]
    public async Task StreamWriter_ManyWritesAndOneFlush_LeaveInFullPackets()
    {
        await using var pair = await StandalonePair.CreateAsync();
        var (client, server) = await pair.ConnectAsync();
        var writer = new StreamWriter(client, bufferSize: 16 * 1024, leaveOpen: true);

        for (var i = 0; i < WriteCount; i++)
        {
            writer.Write("0123456789");
        }

        await writer.FlushAsync();
        await AssertPacketsAsync(client, server, WriteCount * 10);
    }

    [Fact]
    public async Task NoDelayOff_ManyWritesEachFlushed_ShareTheirPackets()
    {
        // With Nagle's algorithm a short packet waits while others are in flight, so at most one of them is sent in each round trip.
        await using var pair = await StandalonePair.CreateAsync(new UtpClientOptions { NoDelay = false });
        var (client, server) = await pair.ConnectAsync();

        for (var i = 0; i < WriteCount; i++)
        {
            await client.WriteAsync("0123456789"u8.ToArray());
        }

        await client.CompleteWritesAsync().AsTask().WaitAsync(StandalonePair.Patience);
        Assert.Equal(WriteCount * 10, (await StandalonePair.ReadToEndAsync(server)).Length);
        Assert.True(client.Statistics.SegmentsSent < WriteCount / 2, $"{WriteCount} writes left in {client.Statistics.SegmentsSent} packets.");
    }

    [Fact]
    public async Task OneSmallWrite_LeavesInOnePacket()
    {
        await using var pair = await StandalonePair.CreateAsync();
        var (client, server) = await pair.ConnectAsync();
        var output = client.Connection.Transport.Output;

        output.Write("u"u8);
        output.Write("T"u8);
        output.Write("P"u8);
        await output.FlushAsync();

        var buffer = new byte[3];
        await server.ReadExactlyAsync(buffer).AsTask().WaitAsync(StandalonePair.Patience);
        Assert.Equal("uTP"u8.ToArray(), buffer);
        Assert.Equal(1, client.Statistics.SegmentsSent - client.Statistics.SegmentsRetransmitted);
    }

    private static async Task AssertPacketsAsync(UtpStream client, UtpStream server, int bytes)
    {
        await client.CompleteWritesAsync().AsTask().WaitAsync(StandalonePair.Patience);
        Assert.Equal(bytes, (await StandalonePair.ReadToEndAsync(server)).Length);
        var statistics = client.Statistics;
        var packets = statistics.SegmentsSent - statistics.SegmentsRetransmitted;
        Assert.True(packets <= (bytes / SmallestPacketPayload) + 1, $"{bytes} bytes left in {packets} packets.");
    }
}

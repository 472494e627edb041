using Microsoft.AspNetCore.Connections;
using Utp.Transport.Connections;
using Utp.Transport.Tests.Engine;
using static Utp.Transport.Tests.Engine.PipeAssertions;

namespace Utp.Transport.Tests.Connections;

/// <summary>
/// Every pair of endings, begun at the same moment with bytes under way in both directions: each ends within its bound and leaves nothing behind,
/// and everything written before a graceful end arrives, unless one side resets.
/// </summary>
public sealed class InterleavingTests
{
    private const int PayloadBytes = 200_000;

    public enum Ending
    {
        CompleteOutput,
        CompleteBoth,
        Finish,
        Dispose,
        AbortNull,
        Abort,
        StopEngine,
    }

    public static TheoryData<Ending, Ending, bool> Pairs()
    {
        var pairs = new TheoryData<Ending, Ending, bool>();
        foreach (var client in Enum.GetValues<Ending>())
        {
            foreach (var server in Enum.GetValues<Ending>())
            {
                pairs.Add(client, server, true);
                pairs.Add(client, server, false);
            }
        }

        return pairs;
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task Endings_OfBothSidesAtOnce_AreBoundedAndLoseNothing(Ending clientEnding, Ending serverEnding, bool closeOnPeerFinish)
    {
        await using var engines = new EngineFixture(options => options.CloseOnPeerFinish = closeOnPeerFinish);
        var (client, server) = await engines.ConnectPairAsync();
        var (toServer, toClient) = (Pattern(PayloadBytes, 1), Pattern(PayloadBytes, 2));
        await client.Transport.Output.WriteAsync(toServer);
        await server.Transport.Output.WriteAsync(toClient);
        var clientReads = ReadPrefixAsync(client);
        var serverReads = ReadPrefixAsync(server);

        await Task.WhenAll(
            Task.Run(() => EndAsync(engines, client, isClient: true, clientEnding, clientReads)),
            Task.Run(() => EndAsync(engines, server, isClient: false, serverEnding, serverReads))).WaitAsync(EngineFixture.Patience);

        // A reader gets a prefix of what was written, and all of it when neither side reset and this side did not close under its own reader.
        await AssertReadAsync(serverReads, toServer, isWhole: IsGraceful(clientEnding) && serverEnding is Ending.Finish);
        await AssertReadAsync(clientReads, toClient, isWhole: IsGraceful(serverEnding) && clientEnding is Ending.Finish);

        await client.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20));
        await server.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20));
        Assert.True(client.ConnectionClosed.IsCancellationRequested);
        Assert.True(server.ConnectionClosed.IsCancellationRequested);
        await EngineFixture.EventuallyAsync(() => engines.Pools.RentedCount == 0, "all blocks are back");
    }

    /// <summary>
    /// The stopping engine still receives datagrams, so its receiver competes for each turn. It must send the RESETs all the same, or the peer
    /// learns of the end only from its timeouts, 31 s later. The test runs some dozens of times, because the receiver must want the turn at that
    /// very moment.
    /// </summary>
    [Fact]
    public async Task StoppingAnEngine_WhileThePeerSends_IsToldToThePeer()
    {
        for (var i = 0; i < 60; i++)
        {
            await using var engines = new EngineFixture(options => options.CloseOnPeerFinish = i % 2 == 0);
            var (client, server) = await engines.ConnectPairAsync();
            await client.Transport.Output.WriteAsync(Pattern(PayloadBytes, 1));
            await server.Transport.Output.WriteAsync(Pattern(PayloadBytes, 2));
            var reads = Task.WhenAll(ReadPrefixAsync(client), ReadPrefixAsync(server));

            var stop = Task.Run(() => engines.ClientEngine.StoppedAsync(default));
            var finish = Task.Run(() => server.CompleteWritesAsync(default).AsTask());
            await Task.WhenAll(stop, finish).WaitAsync(EngineFixture.Patience);

            await reads.WaitAsync(EngineFixture.Patience);
            Assert.True(
                server.CloseReason is not (UtpCloseReason.RetransmissionTimeout or UtpCloseReason.IdleTimeout),
                $"The peer found out by {server.CloseReason}.");
            await client.DisposeAsync();
            await server.DisposeAsync();
        }
    }

    private static bool IsGraceful(Ending ending) => ending is not (Ending.Abort or Ending.StopEngine);

    private static async Task EndAsync(EngineFixture engines, UtpConnection connection, bool isClient, Ending ending, Task reads)
    {
        switch (ending)
        {
            case Ending.CompleteOutput:
                await connection.Transport.Output.CompleteAsync();
                break;
            case Ending.CompleteBoth:
                await connection.Transport.Output.CompleteAsync();
                connection.Transport.Input.CancelPendingRead();
                break;
            case Ending.Finish:
                await connection.CompleteWritesAsync(default).AsTask().WaitAsync(EngineFixture.Patience);
                break;
            case Ending.Dispose:
                // As with any pipe, it must not be completed while a reader still uses its memory.
                connection.Transport.Input.CancelPendingRead();
                await reads;
                await connection.DisposeAsync();
                break;
            case Ending.AbortNull:
                connection.Abort(null!);
                break;
            case Ending.Abort:
                connection.Abort(new ConnectionAbortedException("test"));
                break;
            case Ending.StopEngine:
                var engine = isClient ? engines.ClientEngine : engines.ServerEngine;
                await engine.StoppedAsync(default).WaitAsync(TimeSpan.FromSeconds(20));
                break;
        }
    }

    /// <summary>Reads until the end, an error, or a cancelled read.</summary>
    private static async Task<byte[]> ReadPrefixAsync(UtpConnection connection)
    {
        var bytes = new MemoryStream();
        try
        {
            while (true)
            {
                var read = await connection.Transport.Input.ReadAsync();
                foreach (var block in read.Buffer)
                {
                    bytes.Write(block.Span);
                }

                connection.Transport.Input.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted || read.IsCanceled)
                {
                    await connection.Transport.Input.CompleteAsync();
                    return bytes.ToArray();
                }
            }
        }
        catch (Exception e) when (e is ConnectionAbortedException or ConnectionResetException or InvalidOperationException)
        {
            return bytes.ToArray();
        }
    }

    private static async Task AssertReadAsync(Task<byte[]> reads, byte[] written, bool isWhole)
    {
        var read = await reads.WaitAsync(EngineFixture.Patience);
        Assert.True(written.AsSpan().StartsWith(read), $"What was read ({read.Length} bytes) is no prefix of what was written.");
        if (isWhole)
        {
            Assert.Equal(written.Length, read.Length);
        }
    }
}

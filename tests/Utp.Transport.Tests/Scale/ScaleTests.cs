using System.IO.Pipelines;
using System.Security.Cryptography;
using Utp.Transport.Connections;
using Utp.Transport.Tests.Engine;
using Utp.Transport.Tests.Performance;

namespace Utp.Transport.Tests.Scale;

/// <summary>Many connections through one UDP socket, at once and one after another: nothing is lost, and nothing leaks.</summary>
[Collection(Alone.Name)]
public sealed class ScaleTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Echo_ThousandConnectionsAtOnce_ReturnsEveryByteAndEveryBlock()
    {
        const int Connections = 1_000;
        const int Length = 100 * 1024;
        var engines = new EngineFixture();
        var listener = await engines.BindAsync();
        var server = EchoAllAsync(listener, Connections);

        var clients = Enumerable.Range(0, Connections).Select(async index =>
        {
            var payload = new byte[Length];
            new Random(index).NextBytes(payload);
            await using var connection = await engines.ConnectAsync(listener);
            var reading = ReadToEndAsync(connection.Transport.Input, Length);
            await connection.Transport.Output.WriteAsync(payload);
            Assert.Equal(SHA256.HashData(payload), await reading);
        });
        await Task.WhenAll(clients).WaitAsync(Patience);
        await server.WaitAsync(Patience);
        await listener.DisposeAsync();

        await EngineFixture.EventuallyAsync(() => engines.ServerEngine.SocketCount == 0, "the server's socket closes with its last connection", Patience);
        await engines.DisposeAsync();
        Assert.Equal(0, engines.Pools.RentedCount);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Connections_TenThousandOneAfterAnother_LeaveNothing(bool abort)
    {
        const int Cycles = 10_000;
        const int AtOnce = 20;
        var engines = new EngineFixture();
        var listener = await engines.BindAsync();
        var server = DisposeAllAsync(listener);
        await CycleAsync(engines, listener, AtOnce * 10, AtOnce, abort);
        var before = GC.GetTotalMemory(forceFullCollection: true);

        await CycleAsync(engines, listener, Cycles, AtOnce, abort);
        await listener.UnbindAsync();
        await server.WaitAsync(Patience);
        await listener.DisposeAsync();

        await EngineFixture.EventuallyAsync(() => engines.ServerEngine.SocketCount == 0, "every lingering connection is forgotten", Patience);
        await engines.DisposeAsync();
        Assert.Equal(0, engines.Pools.RentedCount);
        var grown = GC.GetTotalMemory(forceFullCollection: true) - before;

        // Tables keep the capacity that they grew to. A leaked connection costs some kilobytes, ten thousand of them tens of megabytes.
        Assert.True(grown < 8 * 1024 * 1024, $"{grown:N0} bytes more than before {Cycles:N0} connections");
    }

    [Fact]
    public async Task Connection_ReaderThatStands_StopsNobodyElse()
    {
        const int Length = 4 * 1024 * 1024;
        await using var engines = new EngineFixture();
        await using var listener = await engines.BindAsync();
        var (standing, standingServer) = await PairAsync(engines, listener);
        var (moving, movingServer) = await PairAsync(engines, listener);

        // This is more than the window: the writer waits, because the other end does not read.
        var stuck = standing.Transport.Output.WriteAsync(new byte[Length]).AsTask();
        var reading = ReadToEndAsync(movingServer.Transport.Input, Length);
        var payload = new byte[Length];
        new Random(1).NextBytes(payload);
        await moving.Transport.Output.WriteAsync(payload).AsTask().WaitAsync(Patience);

        Assert.Equal(SHA256.HashData(payload), await reading.WaitAsync(Patience));
        Assert.False(stuck.IsCompleted);
        var late = ReadToEndAsync(standingServer.Transport.Input, Length);
        await stuck.WaitAsync(Patience);
        Assert.Equal(SHA256.HashData(new byte[Length]), await late.WaitAsync(Patience));
    }

    [LongFact]
    public async Task Transfer_OneGigabyteEachWayOverRealSockets_IsHashEqual()
    {
        const long Length = 1L << 30;
        await using var engines = new EngineFixture();
        await using var listener = await engines.BindAsync();
        var (client, server) = await PairAsync(engines, listener);

        var reading = new[] { ReadToEndAsync(server.Transport.Input, Length), ReadToEndAsync(client.Transport.Input, Length) };
        var writing = new[] { WriteAsync(client.Transport.Output, Length, 1), WriteAsync(server.Transport.Output, Length, 2) };
        await Task.WhenAll(writing).WaitAsync(TimeSpan.FromMinutes(10));

        Assert.Equal(await writing[0], await reading[0].WaitAsync(Patience));
        Assert.Equal(await writing[1], await reading[1].WaitAsync(Patience));
    }

    private static async Task<(UtpConnection Client, UtpConnection Server)> PairAsync(EngineFixture engines, UtpConnectionListener listener)
    {
        var accepting = EngineFixture.AcceptAsync(listener);
        return (await engines.ConnectAsync(listener), await accepting);
    }

    private static async Task EchoAllAsync(UtpConnectionListener listener, int count)
    {
        var echoes = new List<Task>();
        for (var i = 0; i < count; i++)
        {
            var connection = await listener.AcceptAsync();
            Assert.NotNull(connection);
            echoes.Add(Task.Run(async () =>
            {
                await using (connection)
                {
                    await connection.Transport.Input.CopyToAsync(connection.Transport.Output);
                }
            }));
        }

        await Task.WhenAll(echoes);
    }

    private static async Task DisposeAllAsync(UtpConnectionListener listener)
    {
        while (await listener.AcceptAsync() is { } connection)
        {
            await connection.DisposeAsync();
        }
    }

    private static async Task CycleAsync(EngineFixture engines, UtpConnectionListener listener, int cycles, int atOnce, bool abort)
    {
        var left = cycles;
        var workers = Enumerable.Range(0, atOnce).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Decrement(ref left) >= 0)
            {
                await using var connection = await engines.ConnectAsync(listener);
                if (abort)
                {
                    connection.Abort();
                }
            }
        }));
        await Task.WhenAll(workers).WaitAsync(Patience);
    }

    private static async Task<byte[]> ReadToEndAsync(PipeReader reader, long length)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        while (length > 0)
        {
            var result = await reader.ReadAsync();
            foreach (var block in result.Buffer)
            {
                hash.AppendData(block.Span);
            }

            length -= result.Buffer.Length;
            reader.AdvanceTo(result.Buffer.End);
            Assert.False(result.IsCompleted && length > 0, $"The stream ended {length} bytes early.");
        }

        return hash.GetHashAndReset();
    }

    private static async Task<byte[]> WriteAsync(PipeWriter writer, long length, int seed)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var block = new byte[64 * 1024];
        var random = new Random(seed);
        for (; length > 0; length -= block.Length)
        {
            random.NextBytes(block);
            hash.AppendData(block);
            await writer.WriteAsync(block);
        }

        return hash.GetHashAndReset();
    }
}

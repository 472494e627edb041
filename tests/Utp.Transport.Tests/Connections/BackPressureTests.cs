using Utp.Transport.Connections;
using Utp.Transport.Tests.Engine;
using static Utp.Transport.Tests.Engine.PipeAssertions;

namespace Utp.Transport.Tests.Connections;

/// <summary>A slow side costs bounded memory, and does not delay other connections.</summary>
public sealed class BackPressureTests
{
    private static readonly TimeSpan Patience = EngineFixture.Patience;

    [Fact]
    public async Task Writer_PeerReadsNothing_WaitsAtBothBuffers()
    {
        await using var engines = new EngineFixture(options => (options.SendBufferSize, options.ReceiveBufferSize) = (100_000, 50_000));
        var (client, server) = await engines.ConnectPairAsync();
        var written = 0L;
        var writer = Task.Run(async () =>
        {
            while (written < 1_000_000)
            {
                await client.Transport.Output.WriteAsync(new byte[1_000]);
                written += 1_000;
            }
        });

        // The sum is the receive buffer less two segments, and the send buffer, whose writer resumes below three quarters.
        await EngineFixture.EventuallyAsync(() => Volatile.Read(ref written) >= 118_000, "both buffers fill");
        await Task.Delay(200);
        Assert.InRange(Volatile.Read(ref written), 118_000, 152_000);

        await server.Transport.Input.ReadExactlyAsync(40_000);
        await EngineFixture.EventuallyAsync(() => Volatile.Read(ref written) >= 158_000, "reading lets the writer go on");
        await Task.Delay(200);
        Assert.InRange(Volatile.Read(ref written), 158_000, 192_000);
        server.Abort();
        await writer.WaitAsync(Patience);
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Theory]
    [InlineData(8 * 1024, 8 * 1024)]
    [InlineData(8 * 1024, 1024 * 1024)]
    [InlineData(1024 * 1024, 8 * 1024)]
    public async Task Transfer_AnyBufferSizes_ArrivesWholeBothWays(int sendBuffer, int receiveBuffer)
    {
        await using var engines = new EngineFixture(options => (options.SendBufferSize, options.ReceiveBufferSize) = (sendBuffer, receiveBuffer));
        var (client, server) = await engines.ConnectPairAsync();
        var payload = Pattern(300_000);

        var echo = server.Transport.EchoAsync();
        var write = Task.Run(async () =>
        {
            for (var offset = 0; offset < payload.Length; offset += 3_000)
            {
                await client.Transport.Output.WriteAsync(payload.AsMemory(offset, 3_000));
            }
        });
        var read = ReadGreedilyAsync(client, payload.Length);

        await write.WaitAsync(Patience);
        Assert.Equal(payload, await read.WaitAsync(Patience));
        await client.DisposeAsync();
        await echo.WaitAsync(Patience);
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Reader_LooksAtMoreThanTheWindowBeforeItConsumes_GetsIt()
    {
        await using var engines = new EngineFixture(options => options.ReceiveBufferSize = 50_000);
        var (client, server) = await engines.ConnectPairAsync();

        // The reader examines a message until it is complete, as protocols over pipes do; the message has several times the size of the receive
        // buffer.
        for (var i = 0; i < 3; i++)
        {
            var read = server.Transport.Input.ReadExactlyAsync(400_000);
            await client.Transport.Output.WriteAsync(Pattern(400_000, i)).AsTask().WaitAsync(Patience);
            Assert.Equal(Pattern(400_000, i), await read);
        }

        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Flush_CancelPendingFlush_IsSeenByTheApplication()
    {
        await using var engines = new EngineFixture(options => (options.SendBufferSize, options.ReceiveBufferSize) = (50_000, 50_000));
        var (client, server) = await engines.ConnectPairAsync();
        var flush = client.Transport.Output.WriteAsync(new byte[200_000]).AsTask();
        Assert.False(flush.IsCompleted);

        client.Transport.Output.CancelPendingFlush();

        Assert.True((await flush.WaitAsync(Patience)).IsCanceled);
        Assert.Equal(200_000, (await server.Transport.Input.ReadExactlyAsync(200_000).WaitAsync(Patience)).Length);
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Read_CancelPendingRead_IsSeenByTheApplication()
    {
        await using var engines = new EngineFixture();
        var (client, server) = await engines.ConnectPairAsync();
        var read = server.Transport.Input.ReadAsync().AsTask();

        server.Transport.Input.CancelPendingRead();

        var result = await read.WaitAsync(Patience);
        Assert.True(result.IsCanceled);
        server.Transport.Input.AdvanceTo(result.Buffer.Start);
        await client.Transport.Output.WriteAsync("later"u8.ToArray());
        Assert.Equal("later"u8.ToArray(), await server.Transport.Input.ReadExactlyAsync(5));
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    /// <summary>Reads as much as there is, as it arrives.</summary>
    private static async Task<byte[]> ReadGreedilyAsync(UtpConnection connection, int count)
    {
        var bytes = new MemoryStream();
        while (bytes.Length < count)
        {
            var read = await connection.Transport.Input.ReadAsync().AsTask().WaitAsync(Patience);
            foreach (var block in read.Buffer)
            {
                bytes.Write(block.Span);
            }

            connection.Transport.Input.AdvanceTo(read.Buffer.End);
            Assert.False(read.IsCompleted && bytes.Length < count, $"The input ended after {bytes.Length} of {count} bytes.");
        }

        return bytes.ToArray();
    }
}

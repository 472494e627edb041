using Utp.Transport.Connections;
using Utp.Transport.Tests.Engine;
using static Utp.Transport.Tests.Engine.PipeAssertions;

namespace Utp.Transport.Tests.Connections;

/// <summary>The thread on which code that waited for a connection resumes, and that everything works on it.</summary>
public sealed class InlineSchedulingTests
{
    private static readonly TimeSpan Patience = EngineFixture.Patience;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Read_ThatWaited_GoesOnWhereTheOptionSays(bool isInline)
    {
        await using var engines = new EngineFixture(options => options.UnsafePreferInlineScheduling = isInline);
        var (client, server) = await engines.ConnectPairAsync();
        var resumed = AfterReadAsync(server, () => Task.FromResult((Thread.CurrentThread.IsThreadPoolThread, Thread.CurrentThread.Name)));

        await client.Transport.Output.WriteAsync(new byte[1]);

        var (isPool, name) = await resumed.WaitAsync(Patience);
        Assert.Equal(!isInline, isPool);
        Assert.Equal(isInline, name?.StartsWith("uTP ", StringComparison.Ordinal) ?? false);
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Echo_InlineAtBothEnds_ArrivesWhole()
    {
        await using var engines = new EngineFixture(options =>
            (options.UnsafePreferInlineScheduling, options.SendBufferSize, options.ReceiveBufferSize) = (true, 100_000, 100_000));
        var payload = Pattern(1_000_000);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            var (client, server) = await engines.ConnectPairAsync();
            var echo = server.Transport.EchoAsync();
            var write = WriteAsync(client, payload);
            var read = await client.Transport.Input.ReadExactlyAsync(payload.Length);
            await write.WaitAsync(Patience);
            Assert.Equal(payload, read);
            await client.DisposeAsync();
            await echo.WaitAsync(Patience);
            await server.DisposeAsync();
        }));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Read_ThatEndsItsOwnConnection_LeavesTheOthersAlone(bool aborts)
    {
        await using var engines = new EngineFixture(options => (options.UnsafePreferInlineScheduling, options.Shards) = (true, 1));
        await using var listener = await engines.BindAsync();
        var (first, other) = (await engines.ConnectAsync(listener), await engines.ConnectAsync(listener));
        var (firstServer, otherServer) = (await EngineFixture.AcceptAsync(listener), await EngineFixture.AcceptAsync(listener));
        var ended = AfterReadAsync(firstServer, async () =>
        {
            if (aborts)
            {
                firstServer.Abort();
            }

            await firstServer.DisposeAsync().ConfigureAwait(false);
            return true;
        });

        await first.Transport.Output.WriteAsync(new byte[1]);

        await ended.WaitAsync(Patience);
        await other.Transport.Output.WriteAsync(new byte[] { 1, 2, 3 });
        Assert.Equal([1, 2, 3], await otherServer.Transport.Input.ReadExactlyAsync(3));
        await first.DisposeAsync();
        await other.DisposeAsync();
        await otherServer.DisposeAsync();
    }

    /// <summary>Begins a read, and runs <paramref name="then"/> on the thread where it resumes. When this returns, the read waits already.</summary>
    private static Task<T> AfterReadAsync<T>(UtpConnection connection, Func<Task<T>> then)
    {
        var result = new TaskCompletionSource<Task<T>>(TaskCreationOptions.RunContinuationsAsynchronously);
#pragma warning disable CA2012 // Not awaited, so that it is certain to wait before anything is sent.
        var read = connection.Transport.Input.ReadAsync().GetAwaiter();
#pragma warning restore CA2012
        Assert.False(read.IsCompleted);
        read.UnsafeOnCompleted(() => result.SetResult(then()));
        return result.Task.Unwrap();
    }

    private static async Task WriteAsync(UtpConnection connection, byte[] payload)
    {
        for (var offset = 0; offset < payload.Length; offset += 10_000)
        {
            await connection.Transport.Output.WriteAsync(payload.AsMemory(offset, 10_000));
        }
    }
}

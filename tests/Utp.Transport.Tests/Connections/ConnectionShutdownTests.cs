using Microsoft.AspNetCore.Connections;
using Utp.Transport.Tests.Engine;
using static Utp.Transport.Tests.Engine.PipeAssertions;

namespace Utp.Transport.Tests.Connections;

/// <summary>Graceful ends of a connection: completed pipes, half-close, dispose.</summary>
public sealed class ConnectionShutdownTests
{
    private static readonly TimeSpan Patience = EngineFixture.Patience;

    [Fact]
    public async Task PeerFinishes_InputIsCompletedAndConnectionClosedFires()
    {
        await using var engines = new EngineFixture();
        var (client, server) = await engines.ConnectPairAsync();
        var closed = WhenClosed(server);

        await client.Transport.Output.WriteAsync("last words"u8.ToArray());
        await client.DisposeAsync();

        Assert.Equal("last words"u8.ToArray(), await server.Transport.Input.ReadToEndAsync());
        await closed.WaitAsync(Patience);
        await server.DisposeAsync();
    }

    [Fact]
    public async Task ConnectionClosed_WhenItFires_InputIsCompletedAlready()
    {
        await using var engines = new EngineFixture();
        for (var i = 0; i < 20; i++)
        {
            var (client, server) = await engines.ConnectPairAsync();
            var seen = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            server.ConnectionClosed.Register(() => seen.SetResult(server.Transport.Input.TryRead(out var read) && read.IsCompleted));

            await client.DisposeAsync();

            Assert.True(await seen.Task.WaitAsync(Patience));
            await server.DisposeAsync();
        }
    }

    [Fact]
    public async Task ConnectionClosed_CallbackDisposesSynchronously_DoesNotDeadlock()
    {
        await using var engines = new EngineFixture();
        var (client, server) = await engines.ConnectPairAsync();
        var disposed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        server.ConnectionClosed.Register(() =>
        {
            Assert.True(Thread.CurrentThread.IsThreadPoolThread);
            server.DisposeAsync().AsTask().GetAwaiter().GetResult();
            disposed.SetResult();
        });

        await client.DisposeAsync();

        await disposed.Task.WaitAsync(Patience);
    }

    [Fact]
    public async Task PeerFinishes_WithoutCloseOnPeerFinish_TheOtherDirectionGoesOn()
    {
        await using var engines = new EngineFixture(options => options.CloseOnPeerFinish = false);
        var (client, server) = await engines.ConnectPairAsync();
        var (clientClosed, serverClosed) = (WhenClosed(client), WhenClosed(server));

        await client.Transport.Output.WriteAsync("question"u8.ToArray());
        await client.Transport.Output.CompleteAsync();
        Assert.Equal("question"u8.ToArray(), await server.Transport.Input.ReadToEndAsync());
        Assert.False(serverClosed.IsCompleted);
        await server.Transport.Output.WriteAsync("answer"u8.ToArray());
        await server.Transport.Output.CompleteAsync();
        Assert.Equal("answer"u8.ToArray(), await client.Transport.Input.ReadToEndAsync());

        await Task.WhenAll(clientClosed, serverClosed).WaitAsync(Patience);
        Assert.Equal(UtpCloseReason.Graceful, Feature(client).CloseReason);
        Assert.Equal(UtpCloseReason.Graceful, Feature(server).CloseReason);
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task OutputCompleted_OnceAcknowledged_EndsBothDirections()
    {
        await using var engines = new EngineFixture();
        var (client, server) = await engines.ConnectPairAsync();
        var closed = WhenClosed(client);

        await client.Transport.Output.WriteAsync("all there is"u8.ToArray());
        await client.Transport.Output.CompleteAsync();

        await Assert.ThrowsAsync<ConnectionAbortedException>(() => client.Transport.Input.ReadToEndAsync());
        await closed.WaitAsync(Patience);
        Assert.Equal("all there is"u8.ToArray(), await server.Transport.Input.ReadToEndAsync());
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task CompleteWritesAsync_ReturnsWhenAcknowledged_AndReadingGoesOn()
    {
        await using var engines = new EngineFixture();
        var (client, server) = await engines.ConnectPairAsync(server: options => options.CloseOnPeerFinish = false);

        await client.Transport.Output.WriteAsync("question"u8.ToArray());
        await Feature(client).CompleteWritesAsync().AsTask().WaitAsync(Patience);
        Assert.Equal("question"u8.ToArray(), await server.Transport.Input.ReadToEndAsync());
        await server.Transport.Output.WriteAsync("answer"u8.ToArray());
        await server.DisposeAsync();

        Assert.Equal("answer"u8.ToArray(), await client.Transport.Input.ReadToEndAsync());
        await client.DisposeAsync();
    }

    [Fact]
    public async Task CompleteWritesAsync_WritesAfterwards_Throw()
    {
        await using var engines = new EngineFixture();
        var (client, server) = await engines.ConnectPairAsync();

        await Feature(client).CompleteWritesAsync().AsTask().WaitAsync(Patience);

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await client.Transport.Output.WriteAsync(new byte[1]));
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task CompleteWritesAsync_CancelledWait_FinishesAllTheSame()
    {
        await using var engines = new EngineFixture();
        var (client, server) = await engines.ConnectPairAsync(server: options => options.CloseOnPeerFinish = false);

        try
        {
            await Feature(client).CompleteWritesAsync(new CancellationToken(canceled: true));
        }
        catch (OperationCanceledException)
        {
            // The peer may have been quicker.
        }

        Assert.Empty(await server.Transport.Input.ReadToEndAsync());
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task BytesBeforeTheEnd_SlowReader_GetsAll(bool dispose)
    {
        await using var engines = new EngineFixture();
        var payload = Pattern(900_000);
        var (client, server) = await engines.ConnectPairAsync(server: options => options.ReceiveBufferSize = 64 * 1024);

        await client.Transport.Output.WriteAsync(payload).AsTask().WaitAsync(Patience);
        if (dispose)
        {
            // No network delays this: the engine lingers.
            await client.DisposeAsync().AsTask().WaitAsync(Patience);
        }
        else
        {
            await client.Transport.Output.CompleteAsync();
            await client.Transport.Input.CompleteAsync();
        }

        await Task.Delay(300);
        Assert.Equal(payload, await server.Transport.Input.ReadToEndAsync());
        await server.DisposeAsync();
    }

    [Fact]
    public async Task BothPipesCompleted_WithoutDispose_TearsDownFully()
    {
        await using var engines = new EngineFixture();
        var (client, server) = await engines.ConnectPairAsync();
        var closed = WhenClosed(client);

        await client.Transport.Output.WriteAsync("bye"u8.ToArray());
        await client.Transport.Output.CompleteAsync();
        await client.Transport.Input.CompleteAsync();

        await closed.WaitAsync(Patience);
        Assert.Equal("bye"u8.ToArray(), await server.Transport.Input.ReadToEndAsync());
        await server.DisposeAsync();
        await EngineFixture.EventuallyAsync(() => engines.Pools.RentedCount == 0, "all blocks are back");
    }

    [Fact]
    public async Task InputCompleted_PeerGoesOnSending_IsNotHeldUp()
    {
        await using var engines = new EngineFixture();
        var (client, server) = await engines.ConnectPairAsync(server: options => options.ReceiveBufferSize = 64 * 1024);

        await server.Transport.Input.CompleteAsync();
        await client.Transport.Output.WriteAsync(Pattern(3_000_000)).AsTask().WaitAsync(Patience);
        await server.Transport.Output.WriteAsync("enough"u8.ToArray());

        Assert.Equal("enough"u8.ToArray(), await client.Transport.Input.ReadExactlyAsync(6));
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task DisposeAsync_Twice_AndConcurrently_IsHarmless()
    {
        await using var engines = new EngineFixture();
        var (client, server) = await engines.ConnectPairAsync();

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () => await client.DisposeAsync()))).WaitAsync(Patience);

        Assert.True(client.ConnectionClosed.IsCancellationRequested);
        await server.DisposeAsync();
        await server.DisposeAsync();
        Assert.True(server.ConnectionClosed.IsCancellationRequested);
    }

    [Fact]
    public async Task DisposeAsync_MiddlewareReplacedTheTransport_CompletesTheOriginal()
    {
        await using var engines = new EngineFixture();
        var (client, server) = await engines.ConnectPairAsync();
        await client.Transport.Output.WriteAsync("x"u8.ToArray());
        server.Transport = new ReplacedTransport();

        await server.DisposeAsync();
        await client.DisposeAsync();

        await EngineFixture.EventuallyAsync(() => engines.Pools.RentedCount == 0, "all blocks are back");
    }

    private static IUtpConnectionFeature Feature(ConnectionContext connection) => connection.Features.Get<IUtpConnectionFeature>()!;

    private static Task WhenClosed(ConnectionContext connection)
    {
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        connection.ConnectionClosed.Register(closed.SetResult);
        return closed.Task;
    }

    private sealed class ReplacedTransport : System.IO.Pipelines.IDuplexPipe
    {
        private readonly System.IO.Pipelines.Pipe _pipe = new();

        public System.IO.Pipelines.PipeReader Input => _pipe.Reader;

        public System.IO.Pipelines.PipeWriter Output => _pipe.Writer;
    }
}

using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using Utp.Transport.Engine;
using Utp.Transport.Tests.Datagrams;
using Utp.Transport.Tests.Engine;
using static Utp.Transport.Tests.Engine.PipeAssertions;

namespace Utp.Transport.Tests.Connections;

/// <summary>Forced ends of a connection: abort, reset, a peer that vanishes.</summary>
public sealed class ConnectionAbortTests
{
    private static readonly TimeSpan Patience = EngineFixture.Patience;

    [Fact]
    public async Task Abort_WithReason_ResetsThePeerAndGivesTheReasonToTheReader()
    {
        await using var engines = new EngineFixture();
        var (client, server) = await engines.ConnectPairAsync();
        var reason = new ConnectionAbortedException("because");
        var pendingRead = client.Transport.Input.ReadAsync().AsTask();

        client.Abort(reason);

        Assert.Same(reason, await Assert.ThrowsAsync<ConnectionAbortedException>(() => pendingRead.WaitAsync(Patience)));
        Assert.Same(reason, await Assert.ThrowsAsync<ConnectionAbortedException>(async () => await client.Transport.Input.ReadAsync()));
        Assert.True(client.ConnectionClosed.IsCancellationRequested);
        Assert.Equal(UtpCloseReason.LocalAbort, Feature(client).CloseReason);
        await Assert.ThrowsAsync<ConnectionResetException>(() => server.Transport.Input.ReadToEndAsync());
        await EngineFixture.EventuallyAsync(() => server.ConnectionClosed.IsCancellationRequested, "the peer's token fires");
        Assert.Equal(UtpCloseReason.PeerReset, Feature(server).CloseReason);
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Abort_Null_DeliversWhatIsWrittenAndFinishes()
    {
        await using var engines = new EngineFixture();
        var (client, server) = await engines.ConnectPairAsync();
        await client.Transport.Output.WriteAsync("before"u8.ToArray());

        client.Abort(null!);

        // The abort is posted: if the receive thread has the turn, that thread carries it out.
        await EngineFixture.EventuallyAsync(() => client.ConnectionClosed.IsCancellationRequested, "the connection is closed");
        var flush = await client.Transport.Output.WriteAsync("after"u8.ToArray());

        Assert.True(flush.IsCompleted);
        Assert.False(flush.IsCanceled);
        await Assert.ThrowsAsync<ConnectionAbortedException>(() => client.Transport.Input.ReadToEndAsync());
        Assert.Equal("before"u8.ToArray(), await server.Transport.Input.ReadToEndAsync());
        await client.DisposeAsync();
        await server.DisposeAsync();
        await EngineFixture.EventuallyAsync(() => Feature(client).CloseReason == UtpCloseReason.Graceful, "the close is graceful");
    }

    [Fact]
    public async Task Abort_Null_ReleasesAPendingFlush()
    {
        await using var engines = new EngineFixture(options => options.LingerTimeout = TimeSpan.FromMinutes(1));
        var (client, server) = await engines.ConnectPairAsync(server: options => options.ReceiveBufferSize = 16 * 1024);
        var flush = client.Transport.Output.WriteAsync(new byte[2_000_000]).AsTask();
        Assert.False(flush.IsCompleted);

        client.Abort(null!);

        var result = await flush.WaitAsync(Patience);
        Assert.True(result.IsCompleted);
        Assert.False(result.IsCanceled);
        server.Abort(new ConnectionAbortedException());
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Abort_WithReason_ReleasesAPendingFlushAndSwallowsLaterWrites()
    {
        await using var engines = new EngineFixture();
        var (client, server) = await engines.ConnectPairAsync(server: options => options.ReceiveBufferSize = 16 * 1024);
        var flush = client.Transport.Output.WriteAsync(new byte[2_000_000]).AsTask();
        Assert.False(flush.IsCompleted);

        client.Abort(new ConnectionAbortedException());

        Assert.True((await flush.WaitAsync(Patience)).IsCompleted);
        for (var i = 0; i < 3; i++)
        {
            Assert.True((await client.Transport.Output.WriteAsync(new byte[100])).IsCompleted);
        }

        await client.DisposeAsync();
        await server.DisposeAsync();
        await EngineFixture.EventuallyAsync(() => engines.Pools.RentedCount == 0, "all blocks are back");
    }

    [Fact]
    public async Task Abort_Repeatedly_TheFirstReasonWins()
    {
        await using var engines = new EngineFixture();
        var (client, server) = await engines.ConnectPairAsync();
        var first = new ConnectionAbortedException("first");

        client.Abort(first);
        client.Abort(new ConnectionAbortedException("second"));
        client.Abort(null!);
        client.Abort();

        Assert.Same(first, await Assert.ThrowsAsync<ConnectionAbortedException>(async () => await client.Transport.Input.ReadAsync()));
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Abort_AfterThePeerReset_ChangesNothing()
    {
        await using var engines = new EngineFixture();
        var (client, server) = await engines.ConnectPairAsync();
        server.Abort(new ConnectionAbortedException());
        await Assert.ThrowsAsync<ConnectionResetException>(() => client.Transport.Input.ReadToEndAsync());

        client.Abort(new ConnectionAbortedException("too late"));

        await Assert.ThrowsAsync<ConnectionResetException>(async () => await client.Transport.Input.ReadAsync());
        Assert.Equal(UtpCloseReason.PeerReset, Feature(client).CloseReason);
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Abort_AfterDispose_LosesNothing()
    {
        await using var engines = new EngineFixture();
        var payload = Pattern(500_000);
        var (client, server) = await engines.ConnectPairAsync(server: options => options.ReceiveBufferSize = 32 * 1024);

        await client.Transport.Output.WriteAsync(payload).AsTask().WaitAsync(Patience);
        await client.DisposeAsync();
        client.Abort(new ConnectionAbortedException("the host stops"));
        client.Abort(null!);

        Assert.Equal(payload, await server.Transport.Input.ReadToEndAsync());
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Abort_NullAndThenAReason_Resets()
    {
        await using var engines = new EngineFixture();
        var (client, server) = await engines.ConnectPairAsync(server: options => options.ReceiveBufferSize = 16 * 1024);
        _ = client.Transport.Output.WriteAsync(new byte[900_000]).AsTask();

        client.Abort(null!);
        client.Abort(new ConnectionAbortedException("now"));

        await Assert.ThrowsAsync<ConnectionResetException>(() => server.Transport.Input.ReadToEndAsync());
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task OutputCompletedWithAnError_ResetsThePeer()
    {
        await using var engines = new EngineFixture();
        var (client, server) = await engines.ConnectPairAsync();

        await client.Transport.Output.CompleteAsync(new InvalidOperationException("half a message"));

        await Assert.ThrowsAsync<ConnectionResetException>(() => server.Transport.Input.ReadToEndAsync());
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task ConnectionClosed_CallbackThrows_IsLoggedAndOthersRun()
    {
        var logs = new FakeLoggerProvider();
        using var factory = LoggerFactory.Create(builder => builder.AddProvider(logs).SetMinimumLevel(LogLevel.Debug));
        await using var engines = new EngineFixture(loggerFactory: factory);
        var (client, server) = await engines.ConnectPairAsync();
        var ran = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        server.ConnectionClosed.Register(ran.SetResult);
        server.ConnectionClosed.Register(() => throw new InvalidOperationException("a callback's own fault"));

        client.Abort();

        await ran.Task.WaitAsync(Patience);
        await EngineFixture.EventuallyAsync(() => logs.Collector.GetSnapshot()
            .Any(record => record.Id.Name == "ConnectionClosedCallbackFailed"), "the failure is logged");
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Theory]
    [InlineData(false, UtpCloseReason.IdleTimeout)]
    [InlineData(true, UtpCloseReason.RetransmissionTimeout)]
    public async Task PeerVanishes_ReaderGetsAResetThatSaysTimeout(bool writing, UtpCloseReason expected)
    {
        var time = new FakeTimeProvider();
        var network = new InProcessDatagramNetwork(1, LinkImpairments.None, new UtpClock(time));
        await using var engines = new EngineFixture(options => options.IdleTimeout = TimeSpan.FromSeconds(30), network, time);
        var (client, server) = await engines.ConnectPairAsync();
        var pendingRead = client.Transport.Input.ReadAsync().AsTask();

        engines.Unplug();
        if (writing)
        {
            await client.Transport.Output.WriteAsync(new byte[10]);
        }

        await EngineFixture.PassTimeUntilAsync(time, pendingRead, TimeSpan.FromSeconds(90));
        var error = await Assert.ThrowsAsync<ConnectionResetException>(() => pendingRead);
        Assert.IsType<TimeoutException>(error.InnerException);
        Assert.Equal(expected, Feature(client).CloseReason);
        Assert.True(client.ConnectionClosed.IsCancellationRequested);
        Assert.True((await client.Transport.Output.WriteAsync(new byte[10])).IsCompleted);
        await client.DisposeAsync();
        server.Abort();
        await server.DisposeAsync();
    }

    private static IUtpConnectionFeature Feature(ConnectionContext connection) => connection.Features.Get<IUtpConnectionFeature>()!;
}

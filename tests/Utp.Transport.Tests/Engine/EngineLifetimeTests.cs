using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using Utp.Transport.Connections;
using Utp.Transport.Datagrams.Sharding;
using Utp.Transport.Engine;
using Utp.Transport.Tests.Datagrams;
using static Utp.Transport.Tests.Engine.PipeAssertions;

namespace Utp.Transport.Tests.Engine;

/// <summary>When sockets open and close, and how an engine stops.</summary>
public sealed class EngineLifetimeTests
{
    private static readonly TimeSpan Patience = EngineFixture.Patience;

    [Fact]
    public async Task Engine_Unused_OpensNothingAndStopsAtOnce()
    {
        var engines = new EngineFixture();
        Assert.Equal(0, engines.ServerEngine.SocketCount);

        await engines.ServerEngine.StartingAsync(default);
        await engines.ServerEngine.StopAsync(default);
        await engines.ServerEngine.StoppedAsync(default).WaitAsync(Patience);
        await engines.ServerEngine.DisposeAsync();
        await engines.DisposeAsync();
    }

    [Fact]
    public async Task Socket_ListenerThenConnectionThenLinger_ClosesWithTheLast()
    {
        await using var engines = new EngineFixture();
        var listener = await engines.BindAsync();
        var accept = EngineFixture.AcceptAsync(listener);
        var client = await engines.ConnectAsync(listener);
        var server = await accept;

        await listener.DisposeAsync();
        Assert.Equal(engines.ShardCount, engines.ServerEngine.SocketCount);
        await client.DisposeAsync();
        await server.DisposeAsync();

        await EngineFixture.EventuallyAsync(() => engines.ServerEngine.SocketCount == 0, "the socket closes when the lingering is over");
    }

    [Fact]
    public async Task ClientSocket_WithoutConnections_ClosesAfterFiveSeconds()
    {
        var time = new FakeTimeProvider();
        await using var engines = new EngineFixture(options => options.Shards = 1, timeProvider: time);
        await using var listener = await engines.BindAsync();
        var first = await engines.ClientEngine.ConnectAsync(EngineFixture.AddressOf(listener), engines.Options, null).AsTask().WaitAsync(Patience);
        var local = first.LocalEndPoint;
        first.Abort();
        await first.DisposeAsync();

        time.Advance(TimeSpan.FromSeconds(4));
        var second = await engines.ClientEngine.ConnectAsync(EngineFixture.AddressOf(listener), engines.Options, null).AsTask().WaitAsync(Patience);
        Assert.Equal(local, second.LocalEndPoint);
        second.Abort();
        await second.DisposeAsync();

        time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(1, engines.ClientEngine.SocketCount);

        // The aborted connection releases its socket as soon as the turn is free: the five seconds begin only then.
        await EngineFixture.EventuallyAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(2));
                return engines.ClientEngine.SocketCount == 0;
            },
            "the unused socket closes");
    }

    [Fact]
    public async Task StoppedAsync_CompletedConnections_DeliverWhatWasWritten()
    {
        await using var engines = new EngineFixture();
        var payload = Pattern(700_000);
        var (client, server) = await engines.ConnectPairAsync();
        var read = server.Transport.Input.ReadToEndAsync();
        await client.Transport.Output.WriteAsync(payload);
        await client.Transport.Output.CompleteAsync();

        await engines.ClientEngine.StoppedAsync(default).WaitAsync(Patience);

        Assert.Equal(payload, await read);
        Assert.True(client.ConnectionClosed.IsCancellationRequested);
        Assert.Equal(0, engines.ClientEngine.SocketCount);
        await Assert.ThrowsAsync<ConnectionAbortedException>(async () => await client.Transport.Input.ReadAsync());
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task StoppedAsync_OpenConnection_DeliversAndThenResets()
    {
        await using var engines = new EngineFixture(drainTime: Patience);
        var payload = Pattern(700_000);
        var (client, server) = await engines.ConnectPairAsync();
        var read = server.Transport.Input.ReadToEndAsync();
        await client.Transport.Output.WriteAsync(payload);

        await engines.ClientEngine.StoppedAsync(default).WaitAsync(Patience);

        // The application has not finished its output, so the end of the stream must not say that it has.
        await Assert.ThrowsAsync<ConnectionResetException>(() => read.WaitAsync(Patience));
        Assert.Equal(payload.Length, client.CoreStatisticsNow().BytesAcknowledged);
        await Assert.ThrowsAsync<ConnectionAbortedException>(async () => await client.Transport.Input.ReadAsync());
        Assert.True((await client.Transport.Output.WriteAsync(payload)).IsCompleted);
        Assert.Equal(0, engines.ClientEngine.SocketCount);
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task StoppedAsync_HandlerStillWriting_PeerSeesAReset()
    {
        await using var engines = new EngineFixture();
        var (client, server) = await engines.ConnectPairAsync();
        var read = client.Transport.Input.ReadToEndAsync();
        var handler = Task.Run(async () =>
        {
            while (!(await server.Transport.Output.WriteAsync(Pattern(10_000))).IsCompleted)
            {
            }
        });

        await engines.ServerEngine.StoppedAsync(default).WaitAsync(Patience);

        await Assert.ThrowsAsync<ConnectionResetException>(() => read.WaitAsync(Patience));
        await handler.WaitAsync(Patience);
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task StoppedAsync_IdleOpenConnection_IsResetWithoutWaiting()
    {
        await using var engines = new EngineFixture();
        var (client, server) = await engines.ConnectPairAsync();
        var start = Stopwatch.GetTimestamp();

        await engines.ServerEngine.StoppedAsync(default).WaitAsync(Patience);

        await Assert.ThrowsAsync<ConnectionResetException>(() => client.Transport.Input.ReadToEndAsync().WaitAsync(Patience));
        Assert.True(Stopwatch.GetElapsedTime(start) < engines.ServerEngine.DrainTime, "It waited.");
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task StoppedAsync_PeerReadsNothing_IsBoundedResetsAndSaysSo()
    {
        var logs = new FakeLoggerProvider();
        using var factory = LoggerFactory.Create(builder => builder.AddProvider(logs));
        await using var engines = new EngineFixture(options => options.ReceiveBufferSize = 16 * 1024, loggerFactory: factory);
        var (client, server) = await engines.ConnectPairAsync();
        await client.Transport.Output.WriteAsync(Pattern(500_000));
        var start = Stopwatch.GetTimestamp();

        await engines.ClientEngine.StoppedAsync(default).WaitAsync(Patience);

        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 1.8, Patience.TotalSeconds);
        await Assert.ThrowsAsync<ConnectionResetException>(() => server.Transport.Input.ReadToEndAsync());
        Assert.Contains(logs.Collector.GetSnapshot(),
            record => record.Id.Name == "EngineStoppedEarly" && record.Message.Contains("1 connections", StringComparison.Ordinal));
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task StoppedAsync_Cancelled_DoesNotWaitForDelivery()
    {
        // If the engine waited, it would wait for ever.
        await using var engines = new EngineFixture(options => options.ReceiveBufferSize = 16 * 1024, drainTime: Timeout.InfiniteTimeSpan);
        var (client, server) = await engines.ConnectPairAsync();
        await client.Transport.Output.WriteAsync(Pattern(500_000));

        await engines.ClientEngine.StoppedAsync(new CancellationToken(canceled: true)).WaitAsync(Patience);

        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task StoppedAsync_PeerVanished_IsBounded()
    {
        await using var engines = new EngineFixture();
        var (client, server) = await engines.ConnectPairAsync();
        engines.Unplug();
        await client.Transport.Output.WriteAsync(Pattern(100_000));

        await Task.WhenAll(engines.ClientEngine.StoppedAsync(default), engines.ServerEngine.StoppedAsync(default)).WaitAsync(Patience);

        Assert.True(client.ConnectionClosed.IsCancellationRequested);
        Assert.True(server.ConnectionClosed.IsCancellationRequested);
        await client.DisposeAsync();
        await server.DisposeAsync();
        Assert.Equal(0, engines.Pools.RentedCount);
    }

    [Fact]
    public async Task StoppedAsync_PendingConnectAndAccept_End()
    {
        await using var engines = new EngineFixture();
        await using var listener = await engines.BindAsync();
        engines.Unplug();
        var connect = engines.ClientEngine.ConnectAsync(EngineFixture.AddressOf(listener), engines.Options, null).AsTask();
        var accept = listener.AcceptAsync().AsTask();

        await Task.WhenAll(engines.ClientEngine.StoppedAsync(default), engines.ServerEngine.StoppedAsync(default)).WaitAsync(Patience);

        await Assert.ThrowsAnyAsync<Exception>(() => connect.WaitAsync(Patience));
        await listener.DisposeAsync();
        Assert.Null(await accept.WaitAsync(Patience));
    }

    [Fact]
    public async Task Connection_NobodyRefersToIt_LivesOn()
    {
        await using var engines = new EngineFixture();
        var (client, serverId) = await ConnectAndForgetTheServerAsync(engines);
        for (var i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        await client.Transport.Output.WriteAsync("ping"u8.ToArray());

        Assert.Equal("ping"u8.ToArray(), await client.Transport.Input.ReadExactlyAsync(4));
        Assert.NotEmpty(serverId);
        await client.DisposeAsync();
    }

    [Fact]
    public async Task ReadCounters_SocketIsClosing_StillContainItsTotals()
    {
        await using var engines = new EngineFixture();
        await using var listener = await engines.BindAsync();
        var accept = EngineFixture.AcceptAsync(listener);
        var client = await engines.ConnectAsync(listener);
        var server = await accept;
        await client.Transport.Output.WriteAsync("ping"u8.ToArray());
        await server.Transport.Input.ReadExactlyAsync(4);
        using var entered = new CountdownEvent(listener.Sockets.Shards.Count);
        using var leave = new ManualResetEventSlim();
        var turns = listener.Sockets.Shards.Select(shard => Task.Factory.StartNew(
            () => shard.Read(_ => entered.Signal() | leave.Wait(Patience)), TaskCreationOptions.LongRunning)).ToArray();
        Assert.True(entered.Wait(Patience));

        // The group leaves the register at once. Its sockets are cleaned up when their turns are free.
        var closing = Task.Factory.StartNew(() => engines.ServerEngine.OnFailed(listener.Sockets, new InvalidOperationException("a defect")),
            TaskCreationOptions.LongRunning);
        await EngineFixture.EventuallyAsync(() => engines.ServerEngine.SocketCount == 0, "the group is removed");
        var counters = Task.Factory.StartNew(() => engines.ServerEngine.ReadCounters().BytesReceived, TaskCreationOptions.LongRunning);

        // This is long enough for a reader that does not wait for the sockets; one that waits ends after them.
        await Task.WhenAny(counters, Task.Delay(200));
        leave.Set();

        Assert.Equal(4, await counters.WaitAsync(Patience));
        await Task.WhenAll([closing, .. turns]).WaitAsync(Patience);
        Assert.Equal(4, engines.ServerEngine.ReadCounters().BytesReceived);
        client.Abort();
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task TimeJumpsAhead_ConnectionsThatIdleTooLong_EndWithAClearReason()
    {
        var time = new FakeTimeProvider();
        var network = new InProcessDatagramNetwork(1, LinkImpairments.None, new UtpClock(time));
        await using var engines = new EngineFixture(network: network, timeProvider: time);
        var (client, server) = await engines.ConnectPairAsync();

        time.Advance(TimeSpan.FromHours(8));

        var error = await Assert.ThrowsAsync<ConnectionResetException>(() => client.Transport.Input.ReadToEndAsync());
        Assert.IsType<TimeoutException>(error.InnerException);
        Assert.Equal(UtpCloseReason.IdleTimeout, client.CloseReason);
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    /// <summary>Not inlined, so that nothing keeps the accepted connection but the engine.</summary>
    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static async Task<(UtpConnection Client, string ServerId)> ConnectAndForgetTheServerAsync(EngineFixture engines)
    {
        var (client, server) = await engines.ConnectPairAsync();
        _ = server.Transport.EchoAsync();
        return (client, server.ConnectionId);
    }
}

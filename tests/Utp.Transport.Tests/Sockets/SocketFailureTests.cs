using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using Utp.Protocol.Sockets;
using Utp.Transport.Connections;
using Utp.Transport.Datagrams;
using Utp.Transport.Tests.Engine;
using static Utp.Transport.Tests.Engine.PipeAssertions;

namespace Utp.Transport.Tests.Sockets;

/// <summary>A socket that fails, by a defect or for lack of memory or threads: which parts are notified, and which continue.</summary>
public sealed class SocketFailureTests
{
    private static readonly TimeSpan Patience = EngineFixture.Patience;

    [Fact]
    public async Task Listener_ItsSocketFails_AcceptsAgainOnTheSameAddress()
    {
        var logs = new FakeLoggerProvider();
        using var factory = LoggerFactory.Create(builder => builder.AddProvider(logs));
        await using var engines = new EngineFixture(loggerFactory: factory);
        await using var listener = await engines.BindAsync();
        var accept = EngineFixture.AcceptAsync(listener);
        var client = await engines.ConnectAsync(listener);
        var server = await accept;
        var waiting = EngineFixture.AcceptAsync(listener);

        await FailAsync(engines, client, server);

        var error = await Assert.ThrowsAsync<ConnectionAbortedException>(async () => await server.Transport.Input.ReadAsync().AsTask().WaitAsync(Patience));
        Assert.Contains("a defect", error.Message, StringComparison.Ordinal);
        var second = await ConnectAgainAsync(engines, listener);
        var accepted = await waiting;
        await second.Transport.Output.WriteAsync("fine"u8.ToArray());
        Assert.Equal("fine"u8.ToArray(), await accepted.Transport.Input.ReadExactlyAsync(4));
        Assert.Contains(logs.Collector.GetSnapshot(), record => record.Id.Name == "ListenerBoundAgain" && record.Level == LogLevel.Warning);
        await CloseAsync(client, server, second, accepted);
    }

    [Fact]
    public async Task Listener_CannotBeBoundAgain_ThrowsForEveryWaiterAndAfterwards()
    {
        var time = new FakeTimeProvider();
        await using var engines = new EngineFixture(timeProvider: time);
        await using var listener = await engines.BindAsync();
        var accept = EngineFixture.AcceptAsync(listener);
        var client = await engines.ConnectAsync(listener);
        var server = await accept;
        var waiters = Enumerable.Range(0, 3).Select(_ => listener.AcceptAsync().AsTask()).ToArray();
        engines.OpenFault = local => throw new AddressInUseException($"{local} is taken.");

        await FailAsync(engines, client, server);
        await PassTimeAsync(time, TimeSpan.FromMilliseconds(50), Task.WhenAll(waiters));

        foreach (var waiter in waiters.Append(listener.AcceptAsync().AsTask()))
        {
            var error = await Assert.ThrowsAsync<IOException>(() => waiter.WaitAsync(Patience));
            Assert.Contains($"{EngineFixture.AddressOf(listener)}", error.Message, StringComparison.Ordinal);
            Assert.Contains("is taken.", error.Message, StringComparison.Ordinal);
        }

        engines.OpenFault = null;
        await CloseAsync(client, server);
    }

    [Fact]
    public async Task Listener_SocketsKeepFailing_IsGivenUp()
    {
        var time = new FakeTimeProvider();
        await using var engines = new EngineFixture(timeProvider: time);
        var listener = await engines.BindAsync();
        var waiting = listener.AcceptAsync().AsTask();
        engines.ReceiveFault = static _ => throw new InvalidOperationException("a defect in every receive");
        using var stranger = new UdpClient();
        stranger.Send([1], EngineFixture.AddressOf(listener));

        // Time passes slowly, so that five failures are within a minute also on a busy machine.
        await PassTimeAsync(time, TimeSpan.FromMilliseconds(10), waiting);

        var error = await Assert.ThrowsAsync<IOException>(() => waiting);
        Assert.Contains("a defect in every receive", error.Message, StringComparison.Ordinal);
        await listener.DisposeAsync();
        Assert.Equal(0, engines.ServerEngine.SocketCount);
    }

    [Fact]
    public async Task Listener_DisposedWhileItsSocketFails_LeavesTheAddressFree()
    {
        await using var engines = new EngineFixture();
        var listener = await engines.BindAsync();
        var address = EngineFixture.AddressOf(listener);
        var accept = EngineFixture.AcceptAsync(listener);
        var client = await engines.ConnectAsync(listener);
        var server = await accept;

        await FailAsync(engines, client, server);
        await listener.DisposeAsync();

        Assert.Null(await listener.AcceptAsync().AsTask().WaitAsync(Patience));
        await CloseAsync(client, server);
        await EngineFixture.EventuallyAsync(() => engines.ServerEngine.SocketCount == 0, "the socket closes");
        await using var other = await engines.BindAsync(local: address);
    }

    [Fact]
    public async Task Receive_Throws_EndsTheSocketAndNotTheProcess()
    {
        await using var engines = new EngineFixture();
        await using var listener = await engines.BindAsync();
        var thrown = 0;
        engines.ReceiveFault = channel =>
        {
            if (Interlocked.Exchange(ref thrown, 1) == 0)
            {
                throw new InvalidOperationException("a defect");
            }
        };

        var client = await ConnectAgainAsync(engines, listener);
        var server = await EngineFixture.AcceptAsync(listener);

        Assert.Equal(1, thrown);
        await CloseAsync(client, server);
    }

    [Fact]
    public async Task Logger_Throws_ListenerIsBoundAgainAllTheSame()
    {
        using var factory = LoggerFactory.Create(builder => builder.AddProvider(new ThrowingLoggerProvider()));
        await using var engines = new EngineFixture(loggerFactory: factory);
        await using var listener = await engines.BindAsync();
        var accept = EngineFixture.AcceptAsync(listener);
        var client = await engines.ConnectAsync(listener);
        var server = await accept;

        await FailAsync(engines, client, server);

        await Assert.ThrowsAsync<ConnectionAbortedException>(async () => await server.Transport.Input.ReadAsync().AsTask().WaitAsync(Patience));
        var second = await ConnectAgainAsync(engines, listener);
        var accepted = await EngineFixture.AcceptAsync(listener);
        await CloseAsync(client, server, second, accepted);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Bind_ThreadCannotStart_FreesTheAddressAndSaysWhy(int shards)
    {
        await using var engines = new EngineFixture(options => options.Shards = shards);
        var free = await engines.BindAsync();
        var address = EngineFixture.AddressOf(free);
        await free.DisposeAsync();
        await EngineFixture.EventuallyAsync(() => engines.ServerEngine.SocketCount == 0, "the port is free");
        var threads = 0;
        engines.ThreadFault = _ =>
        {
            if (++threads == shards)
            {
                throw new InsufficientMemoryException("no thread");
            }
        };

        var error = await Assert.ThrowsAsync<IOException>(() => engines.BindAsync(local: address).AsTask());

        Assert.Contains(address.ToString(), error.Message, StringComparison.Ordinal);
        Assert.Contains("ulimit -u", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, engines.ServerEngine.SocketCount);
        engines.ThreadFault = null;
        await using var listener = await engines.BindAsync(local: address);
        var accept = EngineFixture.AcceptAsync(listener);
        var client = await engines.ConnectAsync(listener);
        await CloseAsync(client, await accept);
    }

    [Fact]
    public async Task Connect_ThreadCannotStart_FailsAndTheNextWorks()
    {
        await using var engines = new EngineFixture();
        await using var listener = await engines.BindAsync();
        engines.ThreadFault = static _ => throw new InsufficientMemoryException("no thread");

        await Assert.ThrowsAsync<IOException>(() => engines.ConnectAsync(listener));

        engines.ThreadFault = null;
        Assert.Equal(0, engines.ClientEngine.SocketCount);
        var accept = EngineFixture.AcceptAsync(listener);
        var client = await engines.ConnectAsync(listener);
        await CloseAsync(client, await accept);
    }

    [Fact]
    public async Task WouldBlock_NoThreadToWait_SendsAllTheSame()
    {
        await using var engines = new EngineFixture();
        var (client, server) = await engines.ConnectPairAsync();
        engines.ThreadFault = static _ => throw new InsufficientMemoryException("no thread");
        var sends = 0;
        engines.Fault = (in Transmit _, ReadOnlySpan<byte> _, ref int _) => Interlocked.Increment(ref sends) % 3 == 0 ? SendOutcome.WouldBlock : null;
        var payload = Pattern(300_000);

        var read = server.Transport.Input.ReadExactlyAsync(payload.Length, TimeSpan.FromMinutes(1));
        await client.Transport.Output.WriteAsync(payload).AsTask().WaitAsync(Patience);

        Assert.Equal(payload, await read);
        engines.Fault = null;
        engines.ThreadFault = null;
        await CloseAsync(client, server);
    }

    [Fact]
    public async Task NoMemory_WhileReceiving_DropsDatagramsAndLosesNothing()
    {
        var logs = new FakeLoggerProvider();
        using var factory = LoggerFactory.Create(builder => builder.AddProvider(logs));
        await using var engines = new EngineFixture(loggerFactory: factory);
        var (client, server) = await engines.ConnectPairAsync();
        var (other, otherServer) = await engines.ConnectPairAsync();
        var payload = Pattern(500_000);
        engines.Pools.IsExhausted = static () => Thread.CurrentThread.Name?.StartsWith("uTP ", StringComparison.Ordinal) == true;

        var read = server.Transport.Input.ReadExactlyAsync(payload.Length, TimeSpan.FromMinutes(1));
        await client.Transport.Output.WriteAsync(payload).AsTask().WaitAsync(Patience);
        await EngineFixture.EventuallyAsync(() => engines.ServerEngine.ReadCounters().PacketsDroppedForMemory > 3, "datagrams are dropped");
        engines.Pools.IsExhausted = null;

        Assert.Equal(payload, await read);
        await other.Transport.Output.WriteAsync("fine"u8.ToArray());
        Assert.Equal("fine"u8.ToArray(), await otherServer.Transport.Input.ReadExactlyAsync(4));
        Assert.Single(logs.Collector.GetSnapshot(), record => record.Id.Name == "NoMemory");
        Assert.DoesNotContain(logs.Collector.GetSnapshot(), record => record.Id.Name == "EngineFailed");
        await CloseAsync(client, server, other, otherServer);
    }

    [Fact]
    public async Task EngineStops_AcceptThatWaits_ReturnsNull()
    {
        await using var engines = new EngineFixture();
        var listener = await engines.BindAsync();
        var accept = listener.AcceptAsync().AsTask();

        await engines.ServerEngine.StoppedAsync(default).WaitAsync(Patience);

        Assert.Null(await accept.WaitAsync(Patience));
        await listener.DisposeAsync();
    }

    [Theory]
    [InlineData("127.0.0.1", "::1")]
    [InlineData("::1", "127.0.0.1")]
    public async Task Connect_FromAnAddressOfTheOtherFamily_FailsAndEndsNobodysConnection(string from, string to)
    {
        await using var engines = new EngineFixture();
        await using var listener = await engines.BindAsync(local: new IPEndPoint(IPAddress.Parse(from), 0));
        var accept = EngineFixture.AcceptAsync(listener);
        var healthy = await engines.ClientEngine.ConnectAsync(EngineFixture.AddressOf(listener), engines.Options, new IPEndPoint(IPAddress.Parse(from), 0))
            .AsTask().WaitAsync(Patience);
        var server = await accept;

        await Assert.ThrowsAnyAsync<SocketException>(() => engines.ClientEngine
            .ConnectAsync(new IPEndPoint(IPAddress.Parse(to), 9), engines.Options, (IPEndPoint)healthy.LocalEndPoint!).AsTask().WaitAsync(Patience));

        await healthy.Transport.Output.WriteAsync("fine"u8.ToArray());
        Assert.Equal("fine"u8.ToArray(), await server.Transport.Input.ReadExactlyAsync(4));
        await CloseAsync(healthy, server);
    }

    /// <summary>Fails the socket of the server end: the next datagram to the client throws where only a defect could.</summary>
    private static async Task FailAsync(EngineFixture engines, UtpConnection client, UtpConnection server)
    {
        var port = ((IPEndPoint)client.LocalEndPoint!).Port;
        engines.Fault = (in Transmit transmit, ReadOnlySpan<byte> _, ref int _) =>
            transmit.Remote.Port == port ? throw new InvalidOperationException("a defect") : null;
        await server.Transport.Output.WriteAsync("x"u8.ToArray());
        await EngineFixture.EventuallyAsync(() => server.ConnectionClosed.IsCancellationRequested, "the socket fails");
        engines.Fault = null;
    }

    /// <summary>Lets virtual time pass, a step every few milliseconds of real time, until a task has ended.</summary>
    private static Task PassTimeAsync(FakeTimeProvider time, TimeSpan step, Task until) => EngineFixture.EventuallyAsync(
        () =>
        {
            time.Advance(step);
            return until.IsCompleted;
        },
        "the listener is given up");

    /// <summary>Connects, and tries again while no listener is there yet.</summary>
    private static async Task<UtpConnection> ConnectAgainAsync(EngineFixture engines, UtpConnectionListener listener)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await engines.ConnectAsync(listener);
            }
            catch (SocketException) when (attempt < 100)
            {
                await Task.Delay(100);
            }
        }
    }

    private static async Task CloseAsync(params UtpConnection[] connections)
    {
        foreach (var connection in connections)
        {
            connection.Abort();
            await connection.DisposeAsync();
        }
    }

    private sealed class ThrowingLoggerProvider : ILoggerProvider, ILogger
    {
        private int _socketsClosed;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            // These messages are logged within the turn that fails.
            if (eventId.Name == "EngineFailed" || (eventId.Name == "SocketClosed" && Interlocked.Exchange(ref _socketsClosed, 1) == 0))
            {
                throw new InvalidOperationException("The log is full.");
            }
        }

        public void Dispose()
        {
        }
    }
}

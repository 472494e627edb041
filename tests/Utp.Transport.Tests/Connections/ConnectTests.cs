using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Utp.Protocol.Sockets;
using Utp.Transport.Connections;
using Utp.Transport.Datagrams;
using Utp.Transport.Datagrams.Sharding;
using Utp.Transport.Tests.Engine;
using static Utp.Transport.Tests.Engine.PipeAssertions;

namespace Utp.Transport.Tests.Connections;

public sealed class ConnectTests
{
    private static readonly TimeSpan Patience = EngineFixture.Patience;

    [Fact]
    public async Task Connect_NobodyAnswers_TimesOut()
    {
        await using var engines = new EngineFixture(options => options.ConnectTimeout = TimeSpan.FromMilliseconds(400));
        using var silent = new SilentHost();

        var error = await Assert.ThrowsAsync<SocketException>(() => ConnectAsync(engines, silent.EndPoint));

        Assert.Equal(SocketError.TimedOut, error.SocketErrorCode);
        Assert.Contains(silent.EndPoint.ToString(), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_Cancelled_ThrowsWithTheCallersTokenAndForgetsTheAttempt()
    {
        await using var engines = new EngineFixture();
        using var silent = new SilentHost();
        using var cancel = new CancellationTokenSource();
        var connect = engines.ClientEngine.ConnectAsync(silent.EndPoint, engines.Options, new IPEndPoint(IPAddress.Loopback, 0), null, cancel.Token).AsTask();
        await silent.ReceiveAsync();

        await cancel.CancelAsync();

        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connect.WaitAsync(Patience));
        Assert.Equal(cancel.Token, error.CancellationToken);
        await EngineFixture.EventuallyAsync(() => engines.ClientEngine.SocketCount == 0, "the socket closes with its only attempt");
        Assert.Equal(0, engines.Pools.RentedCount);
    }

    [Fact]
    public async Task Connect_CancelledBefore_OpensNothing()
    {
        await using var engines = new EngineFixture();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await engines.ClientEngine.ConnectAsync(
            new IPEndPoint(IPAddress.Loopback, 1), engines.Options, null, null, new CancellationToken(canceled: true)));

        Assert.Equal(0, engines.ClientEngine.SocketCount);
    }

    [Fact]
    public async Task Connect_CancelledWhileItSucceeds_EndsEitherWayAndLeaksNothing()
    {
        await using var engines = new EngineFixture();
        await using var listener = await engines.BindAsync();
        var accepting = AcceptAndDisposeAsync(listener);
        var random = new Random(1);
        for (var i = 0; i < 100; i++)
        {
            using var cancel = new CancellationTokenSource();
            var connect = engines.ClientEngine.ConnectAsync(EngineFixture.AddressOf(listener), engines.Options, null, null, cancel.Token).AsTask();
            Thread.SpinWait(random.Next(20_000));
            await cancel.CancelAsync();
            try
            {
                await (await connect.WaitAsync(Patience)).DisposeAsync();
            }
            catch (OperationCanceledException)
            {
                // This outcome is also correct.
            }
        }

        await listener.DisposeAsync();
        await accepting.WaitAsync(Patience);
        await EngineFixture.EventuallyAsync(() => engines.Pools.RentedCount == 0, "all blocks are back");
    }

    [Fact]
    public async Task Connect_RemoteOfAllAddresses_MeansThisHost()
    {
        await using var engines = new EngineFixture();
        await using var listener = await engines.BindAsync();

        var client = await ConnectAsync(engines, new IPEndPoint(IPAddress.Any, EngineFixture.AddressOf(listener).Port));

        Assert.Equal(EngineFixture.AddressOf(listener), client.RemoteEndPoint);
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Connect_FromAListenersEndPoint_SharesItsSocketAndPort()
    {
        await using var engines = new EngineFixture();
        await using var far = await engines.ServerEngine.BindAsync(new IPEndPoint(IPAddress.Loopback, 0), engines.ServerEngine.DefaultOptions);
        await using var near = await engines.ClientEngine.BindAsync(new IPEndPoint(IPAddress.Loopback, 0), engines.ClientEngine.DefaultOptions);
        var accept = EngineFixture.AcceptAsync(far);

        var client = await engines.ClientEngine.ConnectAsync(EngineFixture.AddressOf(far), engines.Options, EngineFixture.AddressOf(near)).AsTask()
            .WaitAsync(Patience);
        var server = await accept;

        Assert.Equal(EngineFixture.AddressOf(near), server.RemoteEndPoint);
        Assert.Equal(EngineFixture.AddressOf(near), client.LocalEndPoint);
        Assert.Equal(engines.ShardCount, engines.ClientEngine.SocketCount);
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Connect_BothDialEachOtherAtOnce_GivesTwoConnections()
    {
        await using var engines = new EngineFixture();
        await using var a = await engines.ClientEngine.BindAsync(new IPEndPoint(IPAddress.Loopback, 0), engines.ClientEngine.DefaultOptions);
        await using var b = await engines.ServerEngine.BindAsync(new IPEndPoint(IPAddress.Loopback, 0), engines.ServerEngine.DefaultOptions);
        var (acceptA, acceptB) = (EngineFixture.AcceptAsync(a), EngineFixture.AcceptAsync(b));

        var dialA = engines.ClientEngine.ConnectAsync(EngineFixture.AddressOf(b), engines.Options, EngineFixture.AddressOf(a)).AsTask();
        var dialB = engines.ServerEngine.ConnectAsync(EngineFixture.AddressOf(a), engines.Options, EngineFixture.AddressOf(b)).AsTask();
        var all = await Task.WhenAll(dialA, dialB, acceptA, acceptB).WaitAsync(Patience);
        await all[0].Transport.Output.WriteAsync("a to b"u8.ToArray());
        await all[1].Transport.Output.WriteAsync("b to a"u8.ToArray());

        Assert.Equal("a to b"u8.ToArray(), await all[3].Transport.Input.ReadExactlyAsync(6));
        Assert.Equal("b to a"u8.ToArray(), await all[2].Transport.Input.ReadExactlyAsync(6));
        foreach (var connection in all)
        {
            await connection.DisposeAsync();
        }
    }

    [Fact]
    public async Task Connect_SocketFull_SaysWhichLimit()
    {
        await using var engines = new EngineFixture(options => (options.MaxConnections, options.Shards) = (1, 1));
        await using var listener = await engines.BindAsync();
        var first = await engines.ClientEngine.ConnectAsync(EngineFixture.AddressOf(listener), engines.Options, null);

        var error = await Assert.ThrowsAsync<InvalidOperationException>(async () =>
            await engines.ClientEngine.ConnectAsync(EngineFixture.AddressOf(listener), engines.Options, null));

        Assert.Contains("Utp:Transport:MaxConnections", error.Message, StringComparison.Ordinal);
        await first.DisposeAsync();
    }

    [Fact]
    public async Task Connect_EveryIdTaken_SaysSoAndNotThatALimitWasReached()
    {
        // Nothing is sent, and no connect may time out before the last one has started: a busy machine takes longer than the default timeout.
        await using var engines = new EngineFixture(options => (options.Shards, options.ConnectTimeout) = (1, TimeSpan.FromMinutes(30)));
        using var silent = new SilentHost();
        engines.Unplug();
        using var over = new CancellationTokenSource();
        var pending = new List<Task>();
        while (pending.Count < 40_000 && !pending.Exists(connect => connect.IsFaulted))
        {
            pending.AddRange(Enumerable.Range(0, 1_000)
                .Select(_ => engines.ClientEngine.ConnectAsync(silent.EndPoint, engines.Options, null, cancellationToken: over.Token).AsTask()));
            await Task.Delay(20);
        }

        // There are more connects than ids. On a busy machine the last of them may not be refused yet when all have started.
        await EngineFixture.EventuallyAsync(() => pending.Exists(connect => connect.IsFaulted), "one is refused", TimeSpan.FromMinutes(3));
        var error = pending.Find(connect => connect.IsFaulted)!.Exception!.InnerException;
        var unavailable = Assert.IsType<InvalidOperationException>(error);
        Assert.Contains("Every connection id", unavailable.Message, StringComparison.Ordinal);
        await over.CancelAsync();
        await Task.WhenAll(pending).ContinueWith(_ => { }, TaskScheduler.Default);
    }

    [Fact]
    public async Task Connect_NetworkUnreachable_FailsBeforeTheTimeout()
    {
        await using var engines = new EngineFixture();
        engines.Fault = static (in Transmit _, ReadOnlySpan<byte> _, ref int _) => Utp.Transport.Datagrams.SendOutcome.Failed;
        var start = Stopwatch.GetTimestamp();

        var error = await Assert.ThrowsAsync<SocketException>(() => ConnectAsync(engines, new IPEndPoint(IPAddress.Loopback, 9)));

        Assert.Equal(SocketError.HostUnreachable, error.SocketErrorCode);
        Assert.True(Stopwatch.GetElapsedTime(start) < engines.Options.ConnectTimeout / 2);
    }

    [Theory]
    [InlineData("utp")]
    [InlineData("ip")]
    [InlineData("dns")]
    [InlineData("utp-name")]
    public async Task Factory_EveryKindOfEndPoint_Connects(string kind)
    {
        await using var engines = new EngineFixture();
        await using var listener = await engines.BindAsync();
        var address = EngineFixture.AddressOf(listener);
        EndPoint endPoint = kind switch
        {
            "utp" => new UtpEndPoint(address),
            "ip" => address,
            "dns" => new DnsEndPoint("localhost", address.Port),
            _ => new UtpEndPoint("localhost", address.Port),
        };

        await using var client = await NewFactory(engines).ConnectAsync(endPoint).AsTask().WaitAsync(Patience);

        Assert.Equal(address, client.RemoteEndPoint);
    }

    [Fact]
    public async Task Factory_EndPointThatCannotBe_SaysWhy()
    {
        await using var engines = new EngineFixture();
        var factory = NewFactory(engines);

        await Assert.ThrowsAsync<NotSupportedException>(async () => await factory.ConnectAsync(new UnixDomainSocketEndPoint("/tmp/x")));
        await Assert.ThrowsAsync<ArgumentException>(async () => await factory.ConnectAsync(new UtpEndPoint(IPAddress.Loopback, 0)));
        var error = await Assert.ThrowsAsync<SocketException>(async () => await factory.ConnectAsync(new DnsEndPoint("host.invalid", 1)));
        Assert.True(error.SocketErrorCode is SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData, error.SocketErrorCode.ToString());
        Assert.Equal(0, factory.ConnectionCount);
    }

    [Fact]
    public async Task Factory_MaxConnections_CountsWhatTheApplicationHas()
    {
        await using var engines = new EngineFixture();
        await using var listener = await engines.BindAsync();
        await using var refusing = await engines.BindAsync();
        await refusing.UnbindAsync();
        var endPoint = listener.EndPoint;
        var factory = NewFactory(engines, options => options.MaxConnections = 2, "tracker");
        var first = await factory.ConnectAsync(endPoint);
        var second = await factory.ConnectAsync(endPoint);

        var error = await Assert.ThrowsAsync<InvalidOperationException>(async () => await factory.ConnectAsync(endPoint));
        Assert.Contains("'tracker'", error.Message, StringComparison.Ordinal);
        Assert.Contains(" 2 ", error.Message, StringComparison.Ordinal);

        // A place is free as soon as the application has closed a connection, and a failed connect takes none.
        await first.DisposeAsync();
        await Assert.ThrowsAsync<SocketException>(async () => await factory.ConnectAsync(refusing.EndPoint));
        var third = await factory.ConnectAsync(endPoint);
        second.Abort();

        // Aborting never waits: the holder of the turn may still have to carry it out.
        await EngineFixture.EventuallyAsync(() => factory.ConnectionCount < 2, "the aborted connection gives its place back");
        var fourth = await factory.ConnectAsync(endPoint);
        Assert.Equal(2, factory.ConnectionCount);
        await third.DisposeAsync();
        await fourth.DisposeAsync();
        Assert.Equal(0, factory.ConnectionCount);
    }

    [Fact]
    public async Task Attempts_FirstAddressSilent_TheSecondStartsAfterAQuarterSecond()
    {
        await using var engines = new EngineFixture();
        await using var listener = await engines.BindAsync();
        using var silent = new SilentHost();
        using var lease = new CountedLease();
        var start = Stopwatch.GetTimestamp();

        await using var client = await new ConnectAttempts(engines.ClientEngine, engines.Options)
            .RunAsync([new(silent.EndPoint, null), new(EngineFixture.AddressOf(listener), null)], lease, default).WaitAsync(Patience);

        Assert.Equal(EngineFixture.AddressOf(listener), client.RemoteEndPoint);
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalMilliseconds, 240, engines.Options.ConnectTimeout.TotalMilliseconds / 2);
        Assert.Equal(0, lease.DisposeCount);
        await client.DisposeAsync();
        Assert.Equal(1, lease.DisposeCount);
    }

    [Fact]
    public async Task Attempts_FirstAddressRefuses_TheSecondStartsAtOnce()
    {
        await using var engines = new EngineFixture();
        await using var refusing = await engines.BindAsync();
        await using var listener = await engines.BindAsync();
        await refusing.UnbindAsync();
        using var lease = new CountedLease();

        await using var client = await new ConnectAttempts(engines.ClientEngine, engines.Options)
            .RunAsync([new(EngineFixture.AddressOf(refusing), null), new(EngineFixture.AddressOf(listener), null)], lease, default).WaitAsync(Patience);

        Assert.Equal(EngineFixture.AddressOf(listener), client.RemoteEndPoint);
    }

    [Fact]
    public async Task Attempts_AllFail_TheFirstFailureIsReported()
    {
        await using var engines = new EngineFixture(options => options.ConnectTimeout = TimeSpan.FromSeconds(1));
        await using var refusing = await engines.BindAsync();
        await refusing.UnbindAsync();
        using var silent = new SilentHost();
        using var lease = new CountedLease();

        var error = await Assert.ThrowsAsync<SocketException>(() => new ConnectAttempts(engines.ClientEngine, engines.Options)
            .RunAsync([new(EngineFixture.AddressOf(refusing), null), new(silent.EndPoint, null)], lease, default).WaitAsync(Patience));

        Assert.Equal(SocketError.ConnectionRefused, error.SocketErrorCode);
    }

    [Fact]
    public async Task Connect_EngineStopped_SaysSo()
    {
        await using var engines = new EngineFixture();
        await engines.ClientEngine.StoppedAsync(default);

        await Assert.ThrowsAsync<ObjectDisposedException>(() => ConnectAsync(engines, new IPEndPoint(IPAddress.Loopback, 9)));
        await Assert.ThrowsAsync<ObjectDisposedException>(
            async () => await engines.ClientEngine.BindAsync(new IPEndPoint(IPAddress.Loopback, 0), engines.ClientEngine.DefaultOptions));
    }

    private static Task<UtpConnection> ConnectAsync(EngineFixture engines, IPEndPoint remote) =>
        engines.ClientEngine.ConnectAsync(remote, engines.Options, null).AsTask().WaitAsync(Patience);

    private static UtpConnectionFactory NewFactory(EngineFixture engines, Action<UtpClientOptions>? configure = null, string name = "")
    {
        var options = new UtpClientOptions();
        engines.Options.CopyTo(options);
        configure?.Invoke(options);
        return new UtpConnectionFactory(engines.ClientEngine, options, name);
    }

    private static async Task AcceptAndDisposeAsync(UtpConnectionListener listener)
    {
        while (await listener.AcceptAsync() is { } connection)
        {
            await connection.DisposeAsync();
        }
    }

    /// <summary>A UDP socket that receives and never answers.</summary>
    private sealed class SilentHost : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);

        public SilentHost() => _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));

        public IPEndPoint EndPoint => (IPEndPoint)_socket.LocalEndPoint!;

        public async Task ReceiveAsync() => await _socket.ReceiveAsync(new byte[100], SocketFlags.None).WaitAsync(Patience);

        public void Dispose() => _socket.Dispose();
    }

    private sealed class CountedLease : IDisposable
    {
        private int _disposeCount;

        public int DisposeCount => Volatile.Read(ref _disposeCount);

        public void Dispose() => Interlocked.Increment(ref _disposeCount);
    }
}

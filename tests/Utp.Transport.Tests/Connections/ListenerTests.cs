using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Utp.Protocol.Sockets;
using Utp.Transport.Connections;
using Utp.Transport.Datagrams;
using Utp.Transport.Datagrams.Sharding;
using Utp.Transport.Tests.Engine;
using static Utp.Transport.Tests.Engine.PipeAssertions;

namespace Utp.Transport.Tests.Connections;

public sealed class ListenerTests
{
    private static readonly TimeSpan Patience = EngineFixture.Patience;

    [Fact]
    public async Task EndPoint_PortZero_HasTheRealPort()
    {
        await using var engines = new EngineFixture();
        await using var listener = await engines.BindAsync();

        var endPoint = Assert.IsType<UtpEndPoint>(listener.EndPoint);
        Assert.NotEqual(0, endPoint.Port);
    }

    [Fact]
    public async Task AcceptAsync_AfterUnbind_IsNull()
    {
        await using var engines = new EngineFixture();
        await using var listener = await engines.BindAsync();

        await listener.UnbindAsync();

        Assert.Null(await listener.AcceptAsync().AsTask().WaitAsync(Patience));
        Assert.Null(await listener.AcceptAsync().AsTask().WaitAsync(Patience));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AcceptAsync_PendingWhenTheListenerEnds_IsNull(bool dispose)
    {
        await using var engines = new EngineFixture();
        await using var listener = await engines.BindAsync();
        var pending = listener.AcceptAsync().AsTask();

        await (dispose ? listener.DisposeAsync() : listener.UnbindAsync());

        Assert.Null(await pending.WaitAsync(Patience));
    }

    [Fact]
    public async Task AcceptAsync_Cancelled_Throws()
    {
        await using var engines = new EngineFixture();
        await using var listener = await engines.BindAsync();
        using var cancel = new CancellationTokenSource();
        var pending = listener.AcceptAsync(cancel.Token).AsTask();

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pending.WaitAsync(Patience));
    }

    [Fact]
    public async Task UnbindAsync_AcceptedConnections_GoOn()
    {
        await using var engines = new EngineFixture();
        await using var listener = await engines.BindAsync();
        var accept = EngineFixture.AcceptAsync(listener);
        var client = await engines.ConnectAsync(listener);
        var server = await accept;

        await listener.UnbindAsync();
        await listener.DisposeAsync();
        await client.Transport.Output.WriteAsync("still here"u8.ToArray());

        Assert.Equal("still here"u8.ToArray(), await server.Transport.Input.ReadExactlyAsync(10));
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task UnbindAsync_NewConnections_AreRefused()
    {
        await using var engines = new EngineFixture();
        await using var listener = await engines.BindAsync();

        await listener.UnbindAsync();

        var error = await Assert.ThrowsAsync<SocketException>(() => engines.ConnectAsync(listener));
        Assert.Equal(SocketError.ConnectionRefused, error.SocketErrorCode);
    }

    [Fact]
    public async Task UnbindAsync_ConnectionsNotYetAccepted_AreReset()
    {
        await using var engines = new EngineFixture();
        await using var listener = await engines.BindAsync();
        var client = await engines.ConnectAsync(listener);
        await EngineFixture.EventuallyAsync(() => listener.QueueLength == 1, "the connection waits");

        await listener.UnbindAsync();

        await Assert.ThrowsAsync<ConnectionResetException>(() => client.Transport.Input.ReadToEndAsync());
        await client.DisposeAsync();
        await listener.DisposeAsync();
        await EngineFixture.EventuallyAsync(() => engines.ServerEngine.SocketCount == 0, "the socket closes");
    }

    [Fact]
    public async Task AcceptAsync_ConnectionResetWhileItWaited_IsPassedOver()
    {
        await using var engines = new EngineFixture();
        await using var listener = await engines.BindAsync();
        var first = await engines.ConnectAsync(listener);
        await EngineFixture.EventuallyAsync(() => listener.QueueLength == 1, "the first waits");
        first.Abort();
        await EngineFixture.EventuallyAsync(() => engines.ServerEngine.ReadCounters().ResetsReceived == 1, "it is reset");

        var second = await engines.ConnectAsync(listener);
        var accepted = await EngineFixture.AcceptAsync(listener);
        await second.Transport.Output.WriteAsync("second"u8.ToArray());

        Assert.Equal("second"u8.ToArray(), await accepted.Transport.Input.ReadExactlyAsync(6));
        await first.DisposeAsync();
        await second.DisposeAsync();
        await accepted.DisposeAsync();
    }

    [Fact]
    public async Task AcceptAsync_PeerHasSentAndFinished_StillHandsItOut()
    {
        await using var engines = new EngineFixture();
        await using var listener = await engines.BindAsync();
        var client = await engines.ConnectAsync(listener);
        await client.Transport.Output.WriteAsync("short and early"u8.ToArray());
        await client.DisposeAsync();
        await EngineFixture.EventuallyAsync(() => engines.ServerEngine.ReadCounters().BytesReceived == 15, "the bytes wait");

        var server = await EngineFixture.AcceptAsync(listener);

        Assert.Equal("short and early"u8.ToArray(), await server.Transport.Input.ReadToEndAsync());
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Backlog_Full_LaterConnectionsGetInWhenThereIsRoom()
    {
        await using var engines = new EngineFixture(options => (options.AcceptBacklog, options.Shards) = (2, 1));
        await using var listener = await engines.BindAsync();
        var connects = Enumerable.Range(0, 5).Select(_ => engines.ConnectAsync(listener)).ToArray();
        await EngineFixture.EventuallyAsync(() => listener.QueueLength == 2, "the backlog fills");

        var accepted = new List<UtpConnection>();
        for (var i = 0; i < connects.Length; i++)
        {
            accepted.Add(await EngineFixture.AcceptAsync(listener));
            Assert.True(listener.QueueLength <= 2);
        }

        foreach (var connection in accepted.Concat(await Task.WhenAll(connects)))
        {
            await connection.DisposeAsync();
        }
    }

    [Fact]
    public async Task Backlog_Full_ConnectionConfirmedMeanwhile_GetsInWithoutAPacket()
    {
        await using var engines = new EngineFixture(options => (options.AcceptBacklog, options.Shards) = (1, 1), timeProvider: new FakeTimeProvider());
        await using var listener = await engines.BindAsync();
        var clients = await ConnectOneMoreThanTheBacklogAsync(engines, listener);

        var first = await EngineFixture.AcceptAsync(listener);
        var second = await EngineFixture.AcceptAsync(listener);

        Assert.Equal((0, 4), (listener.QueueLength, engines.ServerEngine.ReadCounters().PacketsReceived));
        foreach (var connection in clients.Append(first).Append(second))
        {
            await connection.DisposeAsync();
        }
    }

    /// <summary>Connections that wait for a place in the backlog are notified, too.</summary>
    [Fact]
    public async Task UnbindAsync_ConnectionThatWaitsForRoom_IsReset()
    {
        await using var engines = new EngineFixture(options => (options.AcceptBacklog, options.Shards) = (1, 1), timeProvider: new FakeTimeProvider());
        await using var listener = await engines.BindAsync();
        var clients = await ConnectOneMoreThanTheBacklogAsync(engines, listener);

        await listener.UnbindAsync();

        foreach (var client in clients)
        {
            await Assert.ThrowsAsync<ConnectionResetException>(() => client.Transport.Input.ReadToEndAsync().WaitAsync(Patience));
            await client.DisposeAsync();
        }
    }

    [Fact]
    public async Task BindAsync_AddressOfAnotherListener_IsInUse()
    {
        await using var engines = new EngineFixture();
        await using var listener = await engines.BindAsync();

        await Assert.ThrowsAsync<AddressInUseException>(async () => await engines.BindAsync(local: EngineFixture.AddressOf(listener)));

        // The failed attempt kept no reference.
        await listener.DisposeAsync();
        Assert.Equal(0, engines.ServerEngine.SocketCount);
    }

    [Fact]
    public async Task BindAsync_AddressOfAnotherSocket_IsInUse()
    {
        await using var engines = new EngineFixture();
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));

        await Assert.ThrowsAsync<AddressInUseException>(async () => await engines.BindAsync(local: (IPEndPoint)taken.LocalEndPoint!));
        Assert.Equal(0, engines.ServerEngine.SocketCount);
    }

    [Fact]
    public async Task BindAsync_AfterDispose_TakesTheSamePortAgain()
    {
        await using var engines = new EngineFixture();
        var first = await engines.BindAsync();
        var local = EngineFixture.AddressOf(first);
        for (var i = 0; i < 20; i++)
        {
            await first.DisposeAsync();
            first = await engines.BindAsync(local: local);
        }

        var client = await engines.ConnectAsync(first);
        await client.DisposeAsync();
        await first.DisposeAsync();
    }

    [Fact]
    public async Task BindAsync_WhileConnectionsOfTheOldListenerLive_SharesTheirSocket()
    {
        await using var engines = new EngineFixture();
        var first = await engines.BindAsync();
        var accept = EngineFixture.AcceptAsync(first);
        var client = await engines.ConnectAsync(first);
        var server = await accept;
        await first.DisposeAsync();

        await using var second = await engines.BindAsync(local: EngineFixture.AddressOf(first));
        var another = await engines.ConnectAsync(second);

        Assert.Equal(engines.ShardCount, engines.ServerEngine.SocketCount);
        await another.DisposeAsync();
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task DisposeAsync_Twice_ReleasesTheSocketOnce()
    {
        await using var engines = new EngineFixture();
        var listener = await engines.BindAsync();
        var accept = EngineFixture.AcceptAsync(listener);
        var client = await engines.ConnectAsync(listener);
        var server = await accept;

        await listener.DisposeAsync();
        await listener.DisposeAsync();

        Assert.Equal(engines.ShardCount, engines.ServerEngine.SocketCount);
        await client.Transport.Output.WriteAsync("x"u8.ToArray());
        Assert.Equal("x"u8.ToArray(), await server.Transport.Input.ReadExactlyAsync(1));
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public void CanBind_PlainIPEndPoints_OnlyWhenClaimed(bool claim, bool expected)
    {
        var options = Microsoft.Extensions.Options.Options.Create(new UtpTransportOptions { ClaimIPEndPoints = claim });
        var factory = new UtpConnectionListenerFactory(null!, options);

        Assert.Equal(expected, factory.CanBind(new IPEndPoint(IPAddress.Loopback, 1)));
        Assert.False(factory.CanBind(new DerivedEndPoint()));
        Assert.True(factory.CanBind(new UtpEndPoint("localhost", 1)));
        Assert.False(factory.CanBind(new UnixDomainSocketEndPoint("/tmp/x")));
    }

    [Fact]
    public async Task Factory_HostName_BindsOneOfItsAddresses()
    {
        await using var engines = new EngineFixture();
        var factory = new UtpConnectionListenerFactory(engines.ServerEngine, Microsoft.Extensions.Options.Options.Create(engines.Options));

        await using var listener = await factory.BindAsync(new UtpEndPoint("localhost", 0));

        Assert.True(IPAddress.IsLoopback(((UtpEndPoint)listener.EndPoint).IPEndPoint!.Address));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Factory_IPEndPoint_BindsAndReturnsOne(bool claims)
    {
        await using var engines = new EngineFixture(options => options.ClaimIPEndPoints = claims);
        var factory = new UtpConnectionListenerFactory(engines.ServerEngine, Microsoft.Extensions.Options.Options.Create(engines.Options));

        await using var listener = await factory.BindAsync(new IPEndPoint(IPAddress.Loopback, 0));

        Assert.NotEqual(0, Assert.IsType<IPEndPoint>(listener.EndPoint).Port);
    }

    [Fact]
    public async Task Factory_EndPointOfAnotherKind_IsNotSupported()
    {
        await using var engines = new EngineFixture(options => options.ClaimIPEndPoints = true);
        var factory = new UtpConnectionListenerFactory(engines.ServerEngine, Microsoft.Extensions.Options.Options.Create(engines.Options));

        var unix = await Assert.ThrowsAsync<NotSupportedException>(async () => await factory.BindAsync(new UnixDomainSocketEndPoint("/tmp/x")));
        var derived = await Assert.ThrowsAsync<NotSupportedException>(async () => await factory.BindAsync(new DerivedEndPoint()));

        Assert.Contains("UnixDomainSocketEndPoint", unix.Message, StringComparison.Ordinal);
        Assert.Contains("DerivedEndPoint", derived.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HostFactory_IPEndPoint_ReturnsOneAndAnnouncesIt()
    {
        await using var services = new ServiceCollection().AddUtp().Services.BuildServiceProvider();

        await using var listener = await services.GetRequiredService<IUtpConnectionListenerFactory>().BindAsync(new IPEndPoint(IPAddress.Loopback, 0));

        var bound = Assert.IsType<IPEndPoint>(listener.EndPoint);
        Assert.Equal(bound, Assert.Single(services.GetRequiredService<IUtpServerAddresses>().EndPoints).IPEndPoint);
    }

    /// <summary>
    /// Opens two connections of which the backlog takes one. The listener answers when it has both requests, so that neither meets a full backlog;
    /// and time stands still, so that no confirmation is retransmitted.
    /// </summary>
    private static async Task<UtpConnection[]> ConnectOneMoreThanTheBacklogAsync(EngineFixture engines, UtpConnectionListener listener)
    {
        var address = EngineFixture.AddressOf(listener);
        engines.Fault = (in Transmit transmit, ReadOnlySpan<byte> _, ref int _) => transmit.Remote.Port == address.Port ? null : SendOutcome.WouldBlock;
        var connects = new[] { engines.ConnectAsync(listener), engines.ConnectAsync(listener) };
        await EngineFixture.EventuallyAsync(() => engines.ServerEngine.ReadCounters().PacketsReceived == 2, "both requests arrive");
        engines.Fault = null;
        var clients = await Task.WhenAll(connects);
        await EngineFixture.EventuallyAsync(() => engines.ServerEngine.ReadCounters().PacketsReceived == 4, "both are confirmed");
        Assert.Equal(1, listener.QueueLength);
        return clients;
    }

    /// <summary>As the endpoints of future frameworks that mean more than an address.</summary>
    private sealed class DerivedEndPoint() : IPEndPoint(IPAddress.Loopback, 0);
}

using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace Utp.Transport.Tests.Standalone;

/// <summary>The accept filter decides before anything is allocated, and cannot hurt the socket.</summary>
public sealed class AcceptFilterTests
{
    private static readonly TimeSpan Patience = StandalonePair.Patience;
    private static readonly UtpConnectionOptions Brief = new() { ConnectTimeout = TimeSpan.FromMilliseconds(300) };

    [Fact]
    public async Task Request_Refused_IsCountedAndGetsNoAnswer()
    {
        var filter = new Filter((_, _) => false);
        await using var socket = await UtpSocketTests.BindAsync(engine: new UtpEngineOptions { AcceptFilter = filter });
        await using var peer = await UtpSocketTests.BindAsync();

        var error = await Assert.ThrowsAsync<SocketException>(() => peer.ConnectAsync(socket.LocalEndPoint, Brief).AsTask().WaitAsync(Patience));

        Assert.Equal(SocketError.TimedOut, error.SocketErrorCode);
        Assert.All(filter.Asked, asked => Assert.Equal((socket.LocalEndPoint, peer.LocalEndPoint), asked));
        Assert.Equal((0, 0, filter.Asked.Count), (socket.Statistics.PacketsSent, socket.ConnectionCount, socket.Statistics.RequestsRefusedByFilter));
    }

    [Fact]
    public async Task Request_AllowedByAddress_IsAcceptedBesideARefusedOne()
    {
        await using var stranger = await UtpSocketTests.BindAsync();
        await using var friend = await UtpSocketTests.BindAsync();
        var filter = new Filter((_, remote) => remote.Port == friend.LocalEndPoint.Port);
        await using var socket = await UtpSocketTests.BindAsync(engine: new UtpEngineOptions { AcceptFilter = filter });
        await Assert.ThrowsAsync<SocketException>(() => stranger.ConnectAsync(socket.LocalEndPoint, Brief).AsTask().WaitAsync(Patience));

        await using var stream = await friend.ConnectAsync(socket.LocalEndPoint).AsTask().WaitAsync(Patience);

        await UtpSocketTests.AssertCarriesAsync(stream, await socket.AcceptAsync().AsTask().WaitAsync(Patience));
    }

    [Fact]
    public async Task OwnConnect_ToARefusedPeer_IsNotAskedAbout()
    {
        var filter = new Filter((_, _) => false);
        await using var socket = await UtpSocketTests.BindAsync(engine: new UtpEngineOptions { AcceptFilter = filter });
        await using var peer = await UtpSocketTests.BindAsync();

        await using var stream = await socket.ConnectAsync(peer.LocalEndPoint).AsTask().WaitAsync(Patience);

        await UtpSocketTests.AssertCarriesAsync(stream, await peer.AcceptAsync().AsTask().WaitAsync(Patience));
        Assert.Empty(filter.Asked);
    }

    [Fact]
    public async Task Filter_Throws_RefusesAndIsLoggedOnce()
    {
        var logs = new FakeLoggerProvider();
        using var loggers = LoggerFactory.Create(builder => builder.AddProvider(logs));
        var healthy = false;
        var filter = new Filter((_, _) => healthy ? true : throw new InvalidOperationException("a fault of the application"));
        await using var socket = await UtpSocketTests.BindAsync(
            engine: new UtpEngineOptions { AcceptFilter = filter, LoggerFactory = loggers, Transport = new UtpTransportOptions { Shards = 1 } });
        await using var peer = await UtpSocketTests.BindAsync();
        for (var i = 0; i < 2; i++)
        {
            await Assert.ThrowsAsync<SocketException>(() => peer.ConnectAsync(socket.LocalEndPoint, Brief).AsTask().WaitAsync(Patience));
        }

        healthy = true;
        await using var stream = await peer.ConnectAsync(socket.LocalEndPoint).AsTask().WaitAsync(Patience);

        Assert.True(socket.Statistics.RequestsRefusedByFilter >= 2);
        Assert.Single(logs.Collector.GetSnapshot(), record => record.Id.Name == "AcceptFilterFailed");
    }

    [Fact]
    public async Task Filter_CallsTheSocket_DoesNotDeadlock()
    {
        UtpSocket? asked = null;
        var filter = new Filter((_, remote) => asked!.Statistics.ConnectionCount == 0 && asked.TrySend(remote, "hello"u8));
        await using var socket = await UtpSocketTests.BindAsync(engine: new UtpEngineOptions { AcceptFilter = filter });
        asked = socket;
        await using var peer = await UtpSocketTests.BindAsync();

        await using var stream = await peer.ConnectAsync(socket.LocalEndPoint).AsTask().WaitAsync(Patience);

        await UtpSocketTests.AssertCarriesAsync(stream, await socket.AcceptAsync().AsTask().WaitAsync(Patience));
    }

    [Fact]
    public async Task Filter_AsAService_AppliesToListenersOfTheHost()
    {
        var filter = new Filter((_, _) => false);
        await using var services = new ServiceCollection().AddSingleton<IUtpAcceptFilter>(filter).AddUtp().Services.BuildServiceProvider();
        await using var listener = await services.GetRequiredService<IUtpConnectionListenerFactory>().BindAsync(new UtpEndPoint(IPAddress.Loopback, 0));
        await using var peer = await UtpSocketTests.BindAsync();

        await Assert.ThrowsAsync<SocketException>(() => peer.ConnectAsync(listener.EndPoint, Brief).AsTask().WaitAsync(Patience));

        Assert.NotEmpty(filter.Asked);
    }

    internal sealed class Filter(Func<IPEndPoint, IPEndPoint, bool> accepts) : IUtpAcceptFilter
    {
        public ConcurrentQueue<(IPEndPoint Local, IPEndPoint Remote)> Asked { get; } = new();

        public bool Accepts(IPEndPoint local, IPEndPoint remote)
        {
            Asked.Enqueue((local, remote));
            return accepts(local, remote);
        }
    }
}

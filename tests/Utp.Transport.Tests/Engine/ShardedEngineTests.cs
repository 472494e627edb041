using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Utp.Protocol.Addresses;
using Utp.Protocol.Sockets;
using Utp.Transport.Connections;
using Utp.Transport.Datagrams;
using Utp.Transport.Datagrams.Sharding;
using Utp.Transport.Engine;
using Utp.Transport.Tests.Datagrams.Linux;
using Utp.Transport.Tests.Sockets;
using static Utp.Transport.Tests.Engine.PipeAssertions;

namespace Utp.Transport.Tests.Engine;

/// <summary>Local endpoints with several real UDP sockets.</summary>
public sealed class ShardedEngineTests
{
    private const int Shards = 4;
    private static readonly TimeSpan Patience = EngineFixture.Patience;
    private static readonly IPEndPoint AnyPort = new(IPAddress.Loopback, 0);

    [LinuxFact]
    public async Task Listener_ManyClients_HasThemOnAllShardsAndTransfersBothWays()
    {
        const int Clients = 64;
        const int Length = 200_000;
        await using var engines = NewEngines();
        var listener = await engines.BindAsync();
        Assert.Equal(Shards, engines.ServerEngine.SocketCount);
        var serving = EchoAllAsync(listener);

        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async seed =>
        {
            var client = await ConnectAsync(engines, listener);
            var payload = Pattern(Length, seed);
            var read = client.Transport.Input.ReadExactlyAsync(Length);
            await client.Transport.Output.WriteAsync(payload);
            Assert.Equal(payload, await read);
            await client.DisposeAsync();
        }));

        Assert.Equal(Clients * Length, engines.ServerEngine.ReadCounters().BytesReceived);
        Assert.All(listener.Sockets.Shards, shard => Assert.InRange(shard.ReadCounters().BytesReceived, Length, (Clients - Shards) * Length));
        await listener.DisposeAsync();
        await serving;
        await EngineFixture.EventuallyAsync(() => engines.ServerEngine.SocketCount == 0, "all shards close with the last connection");
        Assert.Equal(Clients * Length, engines.ServerEngine.ReadCounters().BytesReceived);
        AssertFree(EngineFixture.AddressOf(listener));
    }

    [LinuxFact]
    public async Task Connect_FromTheListeningPort_WorksToAndFromEveryPeer()
    {
        await using var engines = NewEngines();
        await using var near = await engines.ClientEngine.BindAsync(AnyPort, engines.ClientEngine.DefaultOptions);
        var echo = EchoAllAsync(near);
        for (var i = 0; i < 12; i++)
        {
            await using var far = await engines.BindAsync();
            var accepting = EngineFixture.AcceptAsync(far);
            var (toFar, toNear) = (
                await engines.ClientEngine.ConnectAsync(EngineFixture.AddressOf(far), engines.Options, EngineFixture.AddressOf(near)).AsTask()
                    .WaitAsync(Patience),
                await engines.ServerEngine.ConnectAsync(EngineFixture.AddressOf(near), engines.Options, EngineFixture.AddressOf(far)).AsTask()
                    .WaitAsync(Patience));
            var accepted = await accepting;
            Assert.Equal(EngineFixture.AddressOf(near), accepted.RemoteEndPoint);

            await toFar.Transport.Output.WriteAsync("out"u8.ToArray());
            Assert.Equal("out"u8.ToArray(), await accepted.Transport.Input.ReadExactlyAsync(3));
            await toNear.Transport.Output.WriteAsync("and back"u8.ToArray());
            Assert.Equal("and back"u8.ToArray(), await toNear.Transport.Input.ReadExactlyAsync(8));
            await Task.WhenAll(toFar.DisposeAsync().AsTask(), toNear.DisposeAsync().AsTask(), accepted.DisposeAsync().AsTask());
        }

        await near.UnbindAsync();
        await echo;
    }

    [LinuxFact]
    public async Task Connect_ClosedPortsFromAShardedPort_AreRefusedAtOnce()
    {
        await using var engines = NewEngines();
        await using var near = await engines.ClientEngine.BindAsync(new IPEndPoint(IPAddress.IPv6Any, 0), engines.ClientEngine.DefaultOptions);
        const int Connects = 24;
        for (var i = 0; i < Connects; i++)
        {
            using var closed = new ClosedPort(IPAddress.Loopback);
            var error = await Assert.ThrowsAsync<SocketException>(() =>
                engines.ClientEngine.ConnectAsync(closed.EndPoint, engines.Options, EngineFixture.AddressOf(near)).AsTask().WaitAsync(Patience));
            Assert.Equal(SocketError.ConnectionRefused, error.SocketErrorCode);
        }

        // The report about the first request ended each connect; a connect that misses its first report sends a second request after a second.
        Assert.Equal(Connects, engines.ClientEngine.ReadCounters().PacketsSent);
    }

    [LinuxFact]
    public async Task BindAsync_AddressOfAnotherEnginesShards_IsInUse()
    {
        await using var engines = NewEngines();
        await using var listener = await engines.BindAsync();

        await Assert.ThrowsAsync<AddressInUseException>(async () =>
            await engines.ClientEngine.BindAsync(EngineFixture.AddressOf(listener), engines.ClientEngine.DefaultOptions));
        Assert.Equal(0, engines.ClientEngine.SocketCount);
    }

    [LinuxFact]
    public async Task AcceptQueueLength_ConnectionsOnAllShards_CountsEachOnce()
    {
        const int Clients = 16;
        await using var engines = NewEngines();
        await using var listener = await engines.BindAsync();
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => ConnectAsync(engines, listener)));

        await EngineFixture.EventuallyAsync(() => engines.ServerEngine.ReadCounters().AcceptQueueLength == Clients, "all wait");
        Assert.Equal(Clients, listener.QueueLength);
    }

    [LinuxFact]
    public async Task AcceptAsync_ConnectionsOfEveryShard_GiveTheirShardsBacklogBack()
    {
        await using var engines = NewEngines(options => options.AcceptBacklog = 1);
        await using var listener = await engines.BindAsync();
        var connects = Enumerable.Range(0, 20).Select(_ => ConnectAsync(engines, listener)).ToArray();

        for (var i = 0; i < connects.Length; i++)
        {
            await (await EngineFixture.AcceptAsync(listener)).DisposeAsync();
            Assert.InRange(listener.QueueLength, 0, Shards);
        }

        await Task.WhenAll(connects);
    }

    [LinuxFact]
    public async Task StoppedAsync_ConnectionsOnAllShards_EndsThemAll()
    {
        await using var engines = NewEngines(drainTime: Patience);
        var listener = await engines.BindAsync();
        var (clients, servers) = await ConnectToEveryShardAsync(engines, listener);
        foreach (var server in servers)
        {
            await server.Transport.Output.WriteAsync("last words"u8.ToArray());
        }

        Assert.All(listener.Sockets.Shards, shard => Assert.NotEqual(0, shard.Core.ConnectionCount));
        await engines.ServerEngine.StoppedAsync(default).WaitAsync(Patience);

        Assert.Equal(0, engines.ServerEngine.SocketCount);
        foreach (var client in clients)
        {
            // The client is notified, but not of a complete stream: the server had not completed its output.
            await Assert.ThrowsAsync<ConnectionResetException>(() => client.Transport.Input.ReadToEndAsync().WaitAsync(Patience));
        }

        AssertFree(EngineFixture.AddressOf(listener));
    }

    [LinuxFact]
    public async Task Connects_WithoutALocalEndPoint_TakeAsManyPortsInTurn()
    {
        await using var engines = NewEngines();
        await using var listener = await engines.BindAsync();
        var ports = new List<EndPoint>();
        for (var i = 0; i < 2 * Shards; i++)
        {
            ports.Add((await engines.ClientEngine.ConnectAsync(EngineFixture.AddressOf(listener), engines.Options, null).AsTask().WaitAsync(Patience))
                .LocalEndPoint!);
        }

        Assert.Equal(Shards, engines.ClientEngine.SocketCount);
        Assert.Equal(Shards, ports.Distinct().Count());
        Assert.Equal(ports[..Shards], ports[Shards..]);
    }

    [LinuxFact]
    public async Task NonUtpDatagrams_OfEveryShard_ReachTheHandlerOneAtATime()
    {
        var handler = new ExclusiveHandler();
        await using var engines = NewEngines(nonUtpHandler: () => handler);
        handler.Sender = engines.ServerEngine;
        await using var listener = await engines.BindAsync();
        var sockets = NewSocketsForEveryShard(perShard: 10);

        sockets.ForEach(socket => socket.SendTo("hello"u8, EngineFixture.AddressOf(listener)));

        foreach (var socket in sockets)
        {
            var answer = await socket.ReceiveFromAsync(new byte[10], SocketFlags.None, AnyPort).WaitAsync(Patience);
            Assert.Equal(EngineFixture.AddressOf(listener), answer.RemoteEndPoint);
            socket.Dispose();
        }

        Assert.Equal(sockets.Count, handler.Seen.Distinct().Count());
        Assert.Equal(1, handler.MostAtOnce);
        Assert.All(listener.Sockets.Shards, shard => Assert.NotEqual(0, shard.ReadCounters().PacketsReceived));
    }

    [LinuxFact]
    public async Task Bind_DatagramsFromBeforeTheProgram_AreThrownAway()
    {
        const int Early = 100;
        using var stranger = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        await using var engine = NewEngine((local, count, options, clock, logger) =>
        {
            var channels = ShardedChannels.Create(local, count, options, clock, logger);
            for (var i = 0; i < Early; i++)
            {
                stranger.SendTo("early"u8, channels[0].LocalEndPoint);
            }

            return channels;
        });
        await using var listener = await engine.BindAsync(AnyPort, engine.DefaultOptions);

        stranger.SendTo("late"u8, EngineFixture.AddressOf(listener));

        await EngineFixture.EventuallyAsync(() => engine.ReadCounters().PacketsNotUtp > 0, "the late one is there");
        Assert.Equal(1, engine.ReadCounters().PacketsNotUtp);
    }

    [LinuxFact]
    public async Task Defect_OnOneShard_EndsTheWholeEndPointAndFreesIt()
    {
        var broken = -1;
        await using var engines = NewEngines();
        await using var engine = NewEngine((local, count, options, clock, logger) =>
        {
            var channels = ShardedChannels.Create(local, count, options, clock, logger);
            return [.. channels.Select((channel, i) => new FaultyChannel(channel, () => i == Volatile.Read(ref broken) ? Throw : null))];
        });
        var listener = await engine.BindAsync(AnyPort, engine.DefaultOptions);
        var (_, servers) = await ConnectToEveryShardAsync(engines, listener);
        Volatile.Write(ref broken, 2);
        await Task.WhenAll(servers.ConvertAll(server => server.Transport.Output.WriteAsync("x"u8.ToArray()).AsTask())).WaitAsync(Patience);

        await EngineFixture.EventuallyAsync(() => servers.TrueForAll(server => server.ConnectionClosed.IsCancellationRequested), "every connection ends");
        Assert.Equal(0, engine.SocketCount);
        AssertFree(EngineFixture.AddressOf(listener));
        await listener.DisposeAsync();
        engines.Unplug();
    }

    private static SendOutcome? Throw(in Transmit transmit, ReadOnlySpan<byte> train, ref int bytesSent) =>
        throw new InvalidOperationException("a defect of ours");

    private static EngineFixture NewEngines(
        Action<UtpTransportOptions>? configure = null, Func<INonUtpDatagramHandler?>? nonUtpHandler = null, TimeSpan? drainTime = null) => new(
        options =>
        {
            options.DatagramOffload = UtpDatagramOffload.Auto;
            options.Shards = Shards;
            configure?.Invoke(options);
        },
        nonUtpHandler: nonUtpHandler,
        drainTime: drainTime);

    private static UtpEngine NewEngine(OpenChannels open) => new(
        Microsoft.Extensions.Options.Options.Create(new UtpTransportOptions { Shards = Shards }), NullLoggerFactory.Instance, TimeProvider.System)
    {
        OpenChannels = open,
    };

    /// <summary>Connects from a new socket.</summary>
    private static Task<UtpConnection> ConnectAsync(EngineFixture engines, UtpConnectionListener listener) =>
        engines.ClientEngine.ConnectAsync(EngineFixture.AddressOf(listener), engines.Options, AnyPort).AsTask().WaitAsync(Patience);

    /// <summary>Connects from new ports until every shard has a connection, because the shard of a port is random.</summary>
    private static async Task<(List<UtpConnection> Clients, List<UtpConnection> Servers)> ConnectToEveryShardAsync(
        EngineFixture engines, UtpConnectionListener listener)
    {
        var (clients, servers) = (new List<UtpConnection>(), new List<UtpConnection>());
        while (listener.Sockets.Shards.Any(shard => shard.Read(socket => socket.Core.ConnectionCount) == 0))
        {
            clients.Add(await ConnectAsync(engines, listener));
            servers.Add(await EngineFixture.AcceptAsync(listener));
        }

        return (clients, servers);
    }

    /// <summary>Binds sockets so that each shard gets the datagrams of this number of them.</summary>
    private static List<Socket> NewSocketsForEveryShard(int perShard)
    {
        var sockets = new List<Socket>();
        var counts = new int[Shards];
        while (counts.Sum() < perShard * Shards)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(AnyPort);
            ref var count = ref counts[ShardSelector.Select(PeerAddress.FromEndPoint((IPEndPoint)socket.LocalEndPoint!), Shards)];
            if (count < perShard)
            {
                count++;
                sockets.Add(socket);
            }
            else
            {
                socket.Dispose();
            }
        }

        return sockets;
    }

    private static async Task EchoAllAsync(UtpConnectionListener listener)
    {
        var echoes = new List<Task>();
        while (await listener.AcceptAsync() is { } connection)
        {
            echoes.Add(Task.Run(async () =>
            {
                await connection.Transport.EchoAsync();
                await connection.DisposeAsync();
            }));
        }

        await Task.WhenAll(echoes).WaitAsync(Patience);
    }

    private static void AssertFree(IPEndPoint local)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(local);
    }

    private sealed class ExclusiveHandler : INonUtpDatagramHandler
    {
        private int _running;
        private int _mostAtOnce;

        public UtpEngine? Sender { get; set; }

        public ConcurrentQueue<IPEndPoint> Seen { get; } = new();

        public int MostAtOnce => _mostAtOnce;

        public void OnDatagram(IPEndPoint local, IPEndPoint remote, ReadOnlySpan<byte> datagram)
        {
            _mostAtOnce = Math.Max(_mostAtOnce, Interlocked.Increment(ref _running));
            Seen.Enqueue(remote);
            Thread.SpinWait(20_000);
            Interlocked.Decrement(ref _running);
            Sender!.TrySend(local, remote, "answer"u8);
        }
    }
}

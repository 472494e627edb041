using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Utp.Transport.Engine;
using Utp.Transport.Tests.Engine;

namespace Utp.Transport.Tests.Sharing;

public sealed class NonUtpDatagramTests
{
    private static readonly TimeSpan Patience = EngineFixture.Patience;

    [Fact]
    public async Task NonUtpDatagram_WithAHandler_ReachesItAndCanBeAnsweredFromTheSamePort()
    {
        var handler = new EchoHandler();
        await using var engines = new EngineFixture(nonUtpHandler: () => handler);
        handler.Sender = engines.ServerEngine;
        await using var listener = await engines.BindAsync();
        using var dht = NewSocket();

        await dht.SendToAsync("d1:q4:pinge"u8.ToArray(), EngineFixture.AddressOf(listener));

        var answer = new byte[100];
        var received = await dht.ReceiveFromAsync(answer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0)).WaitAsync(Patience);
        Assert.Equal("re: d1:q4:pinge", Encoding.ASCII.GetString(answer, 0, received.ReceivedBytes));
        Assert.Equal(EngineFixture.AddressOf(listener), received.RemoteEndPoint);
        Assert.Equal((EngineFixture.AddressOf(listener), (IPEndPoint)dht.LocalEndPoint!), handler.Seen.Single());
    }

    [Fact]
    public async Task NonUtpDatagram_WithoutAHandler_IsCountedAndNeverAnswered()
    {
        await using var engines = new EngineFixture();
        await using var listener = await engines.BindAsync();
        using var stranger = NewSocket();

        await stranger.SendToAsync("hello"u8.ToArray(), EngineFixture.AddressOf(listener));
        await EngineFixture.EventuallyAsync(() => engines.ServerEngine.ReadCounters().PacketsNotUtp == 1, "it is counted");

        Assert.Equal(0, engines.ServerEngine.ReadCounters().PacketsSent);
        Assert.Equal(0, stranger.Available);
    }

    [Fact]
    public async Task NonUtpDatagram_HandlerThrows_TheNextOneStillArrives()
    {
        var logs = new FakeLoggerProvider();
        using var factory = LoggerFactory.Create(builder => builder.AddProvider(logs));
        var handler = new EchoHandler { Throws = true };
        await using var engines = new EngineFixture(nonUtpHandler: () => handler, loggerFactory: factory);
        await using var listener = await engines.BindAsync();
        using var stranger = NewSocket();

        await stranger.SendToAsync("one"u8.ToArray(), EngineFixture.AddressOf(listener));
        await stranger.SendToAsync("two"u8.ToArray(), EngineFixture.AddressOf(listener));

        await EngineFixture.EventuallyAsync(() => handler.Seen.Count == 2, "both reach the handler");
        await EngineFixture.EventuallyAsync(() => logs.Collector.GetSnapshot()
            .Count(record => record.Id.Name == "NonUtpDatagramHandlerFailed") == 2, "both failures are logged");
    }

    [Fact]
    public async Task NonUtpDatagram_HandlerStands_HoldsUpNoConnection()
    {
        using var gate = new ManualResetEventSlim();
        var handler = new EchoHandler { Gate = gate };
        await using var engines = new EngineFixture(nonUtpHandler: () => handler);
        await using var listener = await engines.BindAsync();
        var accept = EngineFixture.AcceptAsync(listener);
        var client = await engines.ConnectAsync(listener);
        var server = await accept;
        using var stranger = NewSocket();
        for (var i = 0; i < 300; i++)
        {
            await stranger.SendToAsync("flood"u8.ToArray(), EngineFixture.AddressOf(listener));
        }

        await client.Transport.Output.WriteAsync("through"u8.ToArray());

        Assert.Equal("through"u8.ToArray(), await server.Transport.Input.ReadExactlyAsync(7));

        // The handler has one datagram, 256 wait, and the rest is dropped and counted.
        await EngineFixture.EventuallyAsync(() => engines.ServerEngine.ReadCounters().PacketsNotUtp >= 300 - 257, "the excess is dropped");
        gate.Set();
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task TrySend_NoSuchSocket_IsFalse()
    {
        await using var engines = new EngineFixture();
        var nowhere = new IPEndPoint(IPAddress.Loopback, 9);

        Assert.False(engines.ServerEngine.TrySend(nowhere, nowhere, "x"u8));
    }

    [Fact]
    public async Task TrySend_LongerThanUdp_Throws()
    {
        await using var engines = new EngineFixture();
        var nowhere = new IPEndPoint(IPAddress.Loopback, 9);

        Assert.Throws<ArgumentOutOfRangeException>(() => engines.ServerEngine.TrySend(nowhere, nowhere, new byte[65_508]));
    }

    private static Socket NewSocket()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    private sealed class EchoHandler : INonUtpDatagramHandler
    {
        public UtpEngine? Sender { get; set; }

        public bool Throws { get; init; }

        public ManualResetEventSlim? Gate { get; init; }

        public ConcurrentQueue<(IPEndPoint Local, IPEndPoint Remote)> Seen { get; } = new();

        public void OnDatagram(IPEndPoint local, IPEndPoint remote, ReadOnlySpan<byte> datagram)
        {
            Gate?.Wait(Patience);
            Seen.Enqueue((local, remote));
            if (Throws)
            {
                throw new InvalidOperationException("a handler's own fault");
            }

            Sender?.TrySend(local, remote, Encoding.ASCII.GetBytes("re: " + Encoding.ASCII.GetString(datagram)));
        }
    }
}

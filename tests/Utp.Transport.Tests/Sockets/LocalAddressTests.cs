using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Utp.Protocol.Sockets;
using Utp.Transport.Connections;
using Utp.Transport.Datagrams;
using Utp.Transport.Tests.Datagrams;
using Utp.Transport.Tests.Datagrams.Linux;
using Utp.Transport.Tests.Engine;

namespace Utp.Transport.Tests.Sockets;

/// <summary>
/// Connections and non-uTP datagrams to addresses that the routing table would not choose for answers. Linux has all of 127.0.0.0/8.
/// </summary>
public sealed class LocalAddressTests
{
    private const int TransferBytes = 2_000_000;

    [LinuxTheory]
    [OverChannel(UtpDatagramOffload.Portable)]
    [OverChannel(UtpDatagramOffload.Batching)]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public async Task Connect_AnyAddressOfAWildcardListener_TransfersBothWays(UtpDatagramOffload offload)
    {
        foreach (var any in Wildcards())
        {
            await using var engines = new EngineFixture(options => options.DatagramOffload = offload);
            await using var listener = await engines.BindAsync(local: new IPEndPoint(any, 0));
            var port = EngineFixture.AddressOf(listener).Port;
            foreach (var address in (string[])["127.0.0.2", "127.0.0.3", "127.0.0.1"])
            {
                var dialled = new IPEndPoint(IPAddress.Parse(address), port);
                var accept = EngineFixture.AcceptAsync(listener);
                await using var client = await ConnectAsync(engines, dialled);
                await using var server = await accept;

                Assert.Equal(dialled, server.LocalEndPoint);
                Assert.Equal(dialled, client.RemoteEndPoint);
                Assert.Equal(server.RemoteEndPoint, client.LocalEndPoint);
                await TransferAsync(client, server);
                await TransferAsync(server, client);
            }
        }
    }

    [LinuxFact]
    public async Task Connect_IPv6AddressOfADualModeListener_HasItOnBothEnds()
    {
        if (!ChannelFixture.HasIPv6Loopback)
        {
            return;
        }

        await using var engines = new EngineFixture();
        await using var listener = await engines.BindAsync(local: new IPEndPoint(IPAddress.IPv6Any, 0));
        var dialled = new IPEndPoint(IPAddress.IPv6Loopback, EngineFixture.AddressOf(listener).Port);
        var accept = EngineFixture.AcceptAsync(listener);
        await using var client = await ConnectAsync(engines, dialled);
        await using var server = await accept;

        Assert.Equal(dialled, server.LocalEndPoint);
        Assert.Equal(IPAddress.IPv6Loopback, Assert.IsType<IPEndPoint>(client.LocalEndPoint).Address);
        Assert.Equal(server.RemoteEndPoint, client.LocalEndPoint);
    }

    [LinuxFact]
    public async Task Connect_ToAPortWithoutAListener_IsRefusedFromTheAddressDialled()
    {
        await using var engines = new EngineFixture();
        var listener = await engines.BindAsync(local: new IPEndPoint(IPAddress.Any, 0));
        var dialled = new IPEndPoint(IPAddress.Parse("127.0.0.2"), EngineFixture.AddressOf(listener).Port);
        var accept = EngineFixture.AcceptAsync(listener);
        await using var client = await ConnectAsync(engines, dialled);
        await using var server = await accept;

        // The connection keeps the socket open, which now answers requests with a RESET.
        await listener.DisposeAsync();

        var refused = await Assert.ThrowsAsync<SocketException>(() => ConnectAsync(engines, dialled));
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
    }

    [LinuxFact]
    public async Task Connection_AddressGoneFromTheHost_GoesOnFromAnother()
    {
        await using var engines = new EngineFixture();
        await using var listener = await engines.BindAsync(local: new IPEndPoint(IPAddress.Any, 0));
        var accept = EngineFixture.AcceptAsync(listener);
        await using var client = await ConnectAsync(engines, new IPEndPoint(IPAddress.Loopback, EngineFixture.AddressOf(listener).Port));
        await using var server = await accept;
        var refusals = 0;
        engines.Fault = (in Transmit transmit, ReadOnlySpan<byte> _, ref int _) =>
        {
            return transmit.Local.IsUnspecified || Interlocked.Increment(ref refusals) > 3 ? null : SendOutcome.SourceUnavailable;
        };

        await TransferAsync(server, client);

        Assert.True(refusals >= 3);
        engines.Fault = null;
    }

    [LinuxTheory]
    [OverChannel(UtpDatagramOffload.Portable)]
    [OverChannel(UtpDatagramOffload.Batching)]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public async Task NonUtpDatagram_ToAWildcardSocket_NamesItsAddressAndIsAnsweredFromIt(UtpDatagramOffload offload)
    {
        foreach (var any in Wildcards())
        {
            var handler = new Recorder();
            await using var engines = new EngineFixture(options => options.DatagramOffload = offload, nonUtpHandler: () => handler);
            await using var listener = await engines.BindAsync(local: new IPEndPoint(any, 0));
            var port = EngineFixture.AddressOf(listener).Port;
            using var dht = NewSocket();
            foreach (var address in (string[])["127.0.0.2", "127.0.0.2", "127.0.0.1"])
            {
                var sentTo = new IPEndPoint(IPAddress.Parse(address), port);
                await dht.SendToAsync("d1:q4:pinge"u8.ToArray(), sentTo);
                await EngineFixture.EventuallyAsync(() => !handler.Seen.IsEmpty, "it reaches the handler");
                Assert.True(handler.Seen.TryDequeue(out var local));
                Assert.Equal(sentTo, local);

                Assert.True(engines.ServerEngine.TrySend(local, (IPEndPoint)dht.LocalEndPoint!, "answer"u8));

                Assert.Equal(sentTo, await SenderOfNextAsync(dht));
            }
        }
    }

    [LinuxFact]
    public async Task TrySend_DualModeSocket_IsFoundByEverySpelling()
    {
        if (!ChannelFixture.HasIPv6Loopback)
        {
            return;
        }

        await using var engines = new EngineFixture();
        await using var listener = await engines.BindAsync(local: new IPEndPoint(IPAddress.IPv6Any, 0));
        var port = EngineFixture.AddressOf(listener).Port;
        using var peer = NewSocket();
        foreach (var (local, leavesFrom) in new[]
        {
            ("0.0.0.0", "127.0.0.1"), ("::", "127.0.0.1"), ("127.0.0.2", "127.0.0.2"), ("::ffff:127.0.0.3", "127.0.0.3"),
        })
        {
            Assert.True(engines.ServerEngine.TrySend(new IPEndPoint(IPAddress.Parse(local), port), (IPEndPoint)peer.LocalEndPoint!, "x"u8));

            Assert.Equal(new IPEndPoint(IPAddress.Parse(leavesFrom), port), await SenderOfNextAsync(peer));
        }

        Assert.False(engines.ServerEngine.TrySend(new IPEndPoint(IPAddress.Any, port == 1_024 ? 1_025 : port - 1), (IPEndPoint)peer.LocalEndPoint!, "x"u8));
    }

    [LinuxFact]
    public async Task TrySend_SocketWithOneAddress_IsNotFoundByOthers()
    {
        await using var engines = new EngineFixture();
        await using var listener = await engines.BindAsync();
        var port = EngineFixture.AddressOf(listener).Port;
        var peer = new IPEndPoint(IPAddress.Loopback, 9);

        Assert.True(engines.ServerEngine.TrySend(new IPEndPoint(IPAddress.Loopback, port), peer, "x"u8));
        Assert.False(engines.ServerEngine.TrySend(new IPEndPoint(IPAddress.Any, port), peer, "x"u8));
        Assert.False(engines.ServerEngine.TrySend(new IPEndPoint(IPAddress.Parse("127.0.0.2"), port), peer, "x"u8));
    }

    private static IPAddress[] Wildcards() => ChannelFixture.HasIPv6Loopback ? [IPAddress.Any, IPAddress.IPv6Any] : [IPAddress.Any];

    private static Task<UtpConnection> ConnectAsync(EngineFixture engines, IPEndPoint to)
    {
        var options = new UtpConnectionOptions();
        engines.Options.CopyTo(options);
        return engines.ClientEngine.ConnectAsync(to, options, null).AsTask().WaitAsync(EngineFixture.Patience);
    }

    private static async Task TransferAsync(UtpConnection from, UtpConnection to)
    {
        var bytes = ChannelFixture.Bytes(TransferBytes, seed: 1);
        var write = from.Transport.Output.WriteAsync(bytes).AsTask();
        for (var offset = 0; offset < TransferBytes; offset += TransferBytes / 20)
        {
            Assert.Equal(bytes[offset..(offset + (TransferBytes / 20))], await to.Transport.Input.ReadExactlyAsync(TransferBytes / 20));
        }

        await write.WaitAsync(EngineFixture.Patience);
    }

    private static Socket NewSocket()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    private static async Task<EndPoint> SenderOfNextAsync(Socket socket) =>
        (await socket.ReceiveFromAsync(new byte[100], SocketFlags.None, new IPEndPoint(IPAddress.Any, 0)).WaitAsync(EngineFixture.Patience)).RemoteEndPoint;

    private sealed class Recorder : INonUtpDatagramHandler
    {
        public ConcurrentQueue<IPEndPoint> Seen { get; } = new();

        public void OnDatagram(IPEndPoint local, IPEndPoint remote, ReadOnlySpan<byte> datagram) => Seen.Enqueue(local);
    }
}

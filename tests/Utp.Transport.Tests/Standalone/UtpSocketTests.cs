using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Time.Testing;
using Utp.Transport.Tests.Engine;

namespace Utp.Transport.Tests.Standalone;

/// <summary>One socket accepts, connects and exchanges other datagrams from one port.</summary>
public sealed class UtpSocketTests
{
    private static readonly TimeSpan Patience = StandalonePair.Patience;

    [Fact]
    public async Task Connect_BothWays_LeavesFromTheListeningPorts()
    {
        await using var a = await BindAsync();
        await using var b = await BindAsync();

        await using var fromA = await a.ConnectAsync(b.LocalEndPoint).AsTask().WaitAsync(Patience);
        await using var atB = await b.AcceptAsync().AsTask().WaitAsync(Patience);
        await using var fromB = await b.ConnectAsync("127.0.0.1", a.LocalEndPoint.Port).AsTask().WaitAsync(Patience);
        await using var atA = await a.AcceptAsync().AsTask().WaitAsync(Patience);

        Assert.Equal((a.LocalEndPoint, b.LocalEndPoint), (atB.RemoteEndPoint, atA.RemoteEndPoint));
        Assert.Equal((b.LocalEndPoint, a.LocalEndPoint), (fromA.RemoteEndPoint, fromB.RemoteEndPoint));
        await AssertCarriesAsync(fromA, atB);
        await AssertCarriesAsync(fromB, atA);
    }

    [Fact]
    public async Task Connect_WithSeveralShards_LeavesFromTheListeningPort()
    {
        var engine = new UtpEngineOptions { Transport = new UtpTransportOptions { Shards = 3 } };
        await using var a = await BindAsync(engine: engine);
        await using var b = await BindAsync();
        for (var i = 0; i < 4; i++)
        {
            await using var stream = await a.ConnectAsync(b.LocalEndPoint).AsTask().WaitAsync(Patience);
            await using var accepted = await b.AcceptAsync().AsTask().WaitAsync(Patience);

            Assert.Equal(a.LocalEndPoint, accepted.RemoteEndPoint);
        }
    }

    [Fact]
    public async Task Connect_FromAWildcardSocket_LeavesFromItsPort()
    {
        await using var a = await BindAsync(new IPEndPoint(IPAddress.IPv6Any, 0));
        await using var b = await BindAsync();
        await using var stream = await a.ConnectAsync(b.LocalEndPoint).AsTask().WaitAsync(Patience);
        await using var accepted = await b.AcceptAsync().AsTask().WaitAsync(Patience);

        Assert.Equal(new IPEndPoint(IPAddress.Loopback, a.LocalEndPoint.Port), accepted.RemoteEndPoint);
        await using var back = await b.ConnectAsync(accepted.RemoteEndPoint!).AsTask().WaitAsync(Patience);
        await AssertCarriesAsync(back, await a.AcceptAsync().AsTask().WaitAsync(Patience));
    }

    [Fact]
    public async Task Bind_PortInUse_Throws()
    {
        await using var a = await BindAsync();

        await Assert.ThrowsAsync<AddressInUseException>(async () => await UtpSocket.BindAsync(a.LocalEndPoint));
    }

    [Fact]
    public async Task Bind_HostName_BindsOneOfItsAddresses()
    {
        await using var socket = await UtpSocket.BindAsync(new DnsEndPoint("localhost", 0));

        Assert.True(IPAddress.IsLoopback(socket.LocalEndPoint.Address));
        Assert.Equal($"utp://{socket.LocalEndPoint}", socket.ToString());
    }

    [Fact]
    public async Task Bind_OptionOutOfBounds_NamesTheOptionAndWhatIsAllowed()
    {
        var error = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            async () => await BindAsync(options: new UtpSocketOptions { MaxPendingConnects = 0 }));

        Assert.Contains("UtpSocketOptions.MaxPendingConnects is '0'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Datagrams_OfAnotherProtocol_ShareThePortWithConnections()
    {
        await using var a = await BindAsync();
        await using var b = await BindAsync();
        var pongs = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        b.NonUtpDatagramHandler = new Handler((local, remote, text) => Assert.True(b.TrySend(local, remote, Encoding.ASCII.GetBytes("re: " + text))));
        a.NonUtpDatagramHandler = new Handler((_, remote, text) => pongs.TrySetResult($"{remote} {text}"));
        await using var stream = await a.ConnectAsync(b.LocalEndPoint).AsTask().WaitAsync(Patience);
        await using var accepted = await b.AcceptAsync().AsTask().WaitAsync(Patience);

        Assert.True(a.TrySend(b.LocalEndPoint, "ping"u8));

        Assert.Equal($"{b.LocalEndPoint} re: ping", await pongs.Task.WaitAsync(Patience));
        await AssertCarriesAsync(stream, accepted);
        Assert.Equal((1, 1, 0), (a.Statistics.NonUtpDatagramsSent, a.Statistics.NonUtpDatagramsReceived, a.Statistics.NonUtpDatagramsDropped));
    }

    [Fact]
    public async Task Datagrams_WithoutAHandler_AreCounted()
    {
        await using var a = await BindAsync();
        await using var b = await BindAsync();

        Assert.True(a.TrySend(b.LocalEndPoint, "ping"u8));

        await EngineFixture.EventuallyAsync(() => b.Statistics.NonUtpDatagramsDropped == 1, "it is counted");
        Assert.Equal((0, 0), (b.Statistics.PacketsReceived, b.Statistics.NonUtpDatagramsReceived));
    }

    [Fact]
    public async Task Statistics_OfATransfer_CountPacketsBytesAndConnections()
    {
        await using var a = await BindAsync();
        await using var b = await BindAsync();
        await using var stream = await a.ConnectAsync(b.LocalEndPoint).AsTask().WaitAsync(Patience);
        await using var accepted = await b.AcceptAsync().AsTask().WaitAsync(Patience);
        Assert.Equal((1, 1), (a.ConnectionCount, b.Statistics.ConnectionCount));
        await stream.WriteAsync(new byte[100_000]);
        await stream.CloseAsync().WaitAsync(Patience);

        Assert.Equal(100_000, (await StandalonePair.ReadToEndAsync(accepted)).Length);

        Assert.Equal((100_000, 0), (a.Statistics.BytesSent, a.Statistics.BytesReceived));
        Assert.Equal((0, 100_000), (b.Statistics.BytesSent, b.Statistics.BytesReceived));
        Assert.True(b.Statistics.PacketsReceived > 20);
        Assert.True(b.Statistics.PacketsSent > 0);
        await accepted.DisposeAsync();
        await EngineFixture.EventuallyAsync(() => a.ConnectionCount == 0 && b.ConnectionCount == 0, "both sides have no connection");
    }

    [Fact]
    public async Task StopAccepting_StillConnectsAndSends()
    {
        await using var a = await BindAsync();
        await using var b = await BindAsync();
        await a.StopAcceptingAsync();
        await a.StopAcceptingAsync();

        await using var stream = await a.ConnectAsync(b.LocalEndPoint).AsTask().WaitAsync(Patience);
        await using var accepted = await b.AcceptAsync().AsTask().WaitAsync(Patience);

        Assert.Equal(a.LocalEndPoint, accepted.RemoteEndPoint);
        Assert.True(a.TrySend(b.LocalEndPoint, "ping"u8));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await a.AcceptAsync());
        var refused = await Assert.ThrowsAsync<SocketException>(() => b.ConnectAsync(a.LocalEndPoint).AsTask().WaitAsync(Patience));
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
    }

    [Fact]
    public async Task Dispose_Twice_EndsEverything()
    {
        var a = await BindAsync();
        await using var b = await BindAsync();
        var pending = a.AcceptAllAsync().GetAsyncEnumerator();
        var next = pending.MoveNextAsync().AsTask();

        await a.DisposeAsync();
        await a.DisposeAsync();

        Assert.False(await next.WaitAsync(Patience));
        Assert.False(a.TrySend(b.LocalEndPoint, "ping"u8));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await a.ConnectAsync(b.LocalEndPoint));
        await pending.DisposeAsync();
    }

    [Fact]
    public async Task Engine_Clock_DecidesWhenAConnectTimesOut()
    {
        using var silent = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var time = new FakeTimeProvider();
        await using var socket = await BindAsync(
            options: new UtpSocketOptions { ConnectTimeout = TimeSpan.FromMinutes(5) }, engine: new UtpEngineOptions { TimeProvider = time });
        var connect = socket.ConnectAsync((IPEndPoint)silent.Client.LocalEndPoint!).AsTask();
        await silent.ReceiveAsync().WaitAsync(Patience);

        await EngineFixture.PassTimeUntilAsync(time, connect, TimeSpan.FromMinutes(6));

        Assert.Equal(SocketError.TimedOut, (await Assert.ThrowsAsync<SocketException>(() => connect)).SocketErrorCode);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task LocalEndPoints_OfOneAddress_AreThatOne(string address)
    {
        await using var socket = await BindAsync(new IPEndPoint(IPAddress.Parse(address), 0));

        Assert.Equal([socket.LocalEndPoint], socket.GetLocalEndPoints());
    }

    [Fact]
    public async Task LocalEndPoints_OfAWildcard_AreTheAddressesOfTheHost()
    {
        await using var socket = await BindAsync(new IPEndPoint(IPAddress.Any, 0));

        var all = socket.GetLocalEndPoints();

        Assert.Contains(new IPEndPoint(IPAddress.Loopback, socket.LocalEndPoint.Port), all);
        Assert.All(all, endPoint => Assert.Equal((AddressFamily.InterNetwork, socket.LocalEndPoint.Port), (endPoint.AddressFamily, endPoint.Port)));
        Assert.True(IPAddress.IsLoopback(all[^1].Address));
    }

    [Theory]
    [InlineData("127.0.0.1", "::1", "IPv4", "IPv6")]
    [InlineData("::1", "127.0.0.1", "IPv6", "IPv4")]
    public async Task Connect_ToTheOtherFamily_FailsAtOnceAndSaysSo(string local, string remote, string localFamily, string remoteFamily)
    {
        await using var socket = await BindAsync(new IPEndPoint(IPAddress.Parse(local), 0));
        var peer = new IPEndPoint(IPAddress.Parse(remote), 9);

        var error = await Assert.ThrowsAsync<SocketException>(async () => await socket.ConnectAsync(peer));

        Assert.Equal(SocketError.AddressFamilyNotSupported, error.SocketErrorCode);
        Assert.Contains($"{socket.LocalEndPoint} is {localFamily}", error.Message, StringComparison.Ordinal);
        Assert.Contains($"{peer}, which is {remoteFamily}", error.Message, StringComparison.Ordinal);
        Assert.False(socket.TrySend(peer, "ping"u8));
        Assert.Equal((0, 0), (socket.ConnectionCount, socket.Statistics.PacketsSent));
    }

    internal static ValueTask<UtpSocket> BindAsync(IPEndPoint? endPoint = null, UtpSocketOptions? options = null, UtpEngineOptions? engine = null) =>
        UtpSocket.BindAsync(endPoint ?? new IPEndPoint(IPAddress.Loopback, 0), options, engine);

    internal static async Task AssertCarriesAsync(UtpStream from, UtpStream to)
    {
        await from.WriteAsync("there"u8.ToArray());
        var received = new byte[5];
        await to.ReadExactlyAsync(received).AsTask().WaitAsync(Patience);
        Assert.Equal("there"u8.ToArray(), received);
    }

    private sealed class Handler(Action<IPEndPoint, IPEndPoint, string> handle) : INonUtpDatagramHandler
    {
        public void OnDatagram(IPEndPoint local, IPEndPoint remote, ReadOnlySpan<byte> datagram) => handle(local, remote, Encoding.ASCII.GetString(datagram));
    }
}

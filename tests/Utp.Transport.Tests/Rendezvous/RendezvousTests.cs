using System.Net;
using System.Net.Sockets;
using Utp.Protocol.Wire;
using Utp.Transport.Tests.Engine;
using Utp.Transport.Tests.Standalone;

namespace Utp.Transport.Tests.Rendezvous;

/// <summary>Hole punching: two peers behind NATs get one connection.</summary>
public sealed class RendezvousTests
{
    private static readonly TimeSpan Patience = StandalonePair.Patience;
    private static readonly UtpSocketOptions Brief = new() { ConnectTimeout = TimeSpan.FromMilliseconds(300) };

    [Fact]
    public async Task Connect_ToAPeerBehindANat_DoesNotArrive()
    {
        await using var peers = await NattedPeers.CreateAsync();

        var error = await Assert.ThrowsAsync<SocketException>(() => peers.A.ConnectAsync(peers.OutsideOfB, Brief).AsTask().WaitAsync(Patience));

        Assert.Equal(SocketError.TimedOut, error.SocketErrorCode);
        Assert.True(peers.Nats.FilteredCount > 0);
        Assert.Equal(0, peers.B.Statistics.PacketsReceived);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Rendezvous_WhicheverSideBegins_GivesBothTheSameConnection(bool initiatorBegins)
    {
        await using var peers = await NattedPeers.CreateAsync();
        Func<Task<UtpStream>> initiate = () => peers.A.RendezvousAsync(peers.OutsideOfB, UtpRendezvousRole.Initiator).AsTask();
        Func<Task<UtpStream>> beTarget = () => peers.B.RendezvousAsync(peers.OutsideOfA, UtpRendezvousRole.Target).AsTask();

        // The first packet of the side that begins is filtered, because the other NAT is closed still.
        var first = (initiatorBegins ? initiate : beTarget)();
        await EngineFixture.EventuallyAsync(() => peers.Nats.FilteredCount > 0, "the first packet is filtered");
        var second = (initiatorBegins ? beTarget : initiate)();

        await using var atFirst = await first.WaitAsync(Patience);
        await using var atSecond = await second.WaitAsync(Patience);
        await UtpSocketTests.AssertCarriesAsync(atFirst, atSecond);
        await UtpSocketTests.AssertCarriesAsync(atSecond, atFirst);
        Assert.Equal((1, 1), (peers.A.ConnectionCount, peers.B.ConnectionCount));
        Assert.Equal((peers.OutsideOfB, peers.OutsideOfA), initiatorBegins
            ? (atFirst.RemoteEndPoint, atSecond.RemoteEndPoint)
            : (atSecond.RemoteEndPoint, atFirst.RemoteEndPoint));
    }

    [Fact]
    public async Task BothConnect_WithoutRoles_GetTwoConnectionsThatWork()
    {
        await using var peers = await NattedPeers.CreateAsync();
        var atB = peers.B.AcceptAsync().AsTask();
        var atA = peers.A.AcceptAsync().AsTask();

        var fromA = peers.A.ConnectAsync(peers.OutsideOfB).AsTask();
        var fromB = peers.B.ConnectAsync(peers.OutsideOfA).AsTask();

        await UtpSocketTests.AssertCarriesAsync(await fromA.WaitAsync(Patience), await atB.WaitAsync(Patience));
        await UtpSocketTests.AssertCarriesAsync(await fromB.WaitAsync(Patience), await atA.WaitAsync(Patience));
        Assert.Equal((2, 2), (peers.A.ConnectionCount, peers.B.ConnectionCount));
    }

    [Fact]
    public async Task Initiator_Refused_TriesAgain()
    {
        using var target = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        await using var socket = await UtpSocketTests.BindAsync();
        var connect = socket.RendezvousAsync((IPEndPoint)target.Client.LocalEndPoint!, UtpRendezvousRole.Initiator).AsTask();
        await AnswerAsync(target, PacketType.Reset);

        await AnswerAsync(target, PacketType.State);

        await using var stream = await connect.WaitAsync(Patience);
        stream.Abort();
    }

    [Fact]
    public async Task Initiator_RefusedUntilTheTimeout_Throws()
    {
        await using var closed = await UtpSocketTests.BindAsync();
        await closed.StopAcceptingAsync();
        await using var socket = await UtpSocketTests.BindAsync(options: Brief);

        var error = await Assert.ThrowsAsync<SocketException>(
            () => socket.RendezvousAsync(closed.LocalEndPoint, UtpRendezvousRole.Initiator).AsTask().WaitAsync(Patience));

        Assert.Equal(SocketError.ConnectionRefused, error.SocketErrorCode);
    }

    [Fact]
    public async Task Target_WithoutAnInitiator_TimesOutAndSaysSo()
    {
        await using var socket = await UtpSocketTests.BindAsync(options: Brief);
        await using var silent = await UtpSocketTests.BindAsync();

        var error = await Assert.ThrowsAsync<SocketException>(
            () => socket.RendezvousAsync(silent.LocalEndPoint, UtpRendezvousRole.Target).AsTask().WaitAsync(Patience));

        Assert.Equal(SocketError.TimedOut, error.SocketErrorCode);
        Assert.Contains(silent.LocalEndPoint.ToString(), error.Message, StringComparison.Ordinal);

        // The packets that open the NAT are uTP packets that get no answer.
        await EngineFixture.EventuallyAsync(() => silent.Statistics.PacketsRejected > 0, "one arrives");
        Assert.Equal((0, 0, 0), (silent.Statistics.PacketsSent, silent.Statistics.NonUtpDatagramsDropped, socket.ConnectionCount));
    }

    [Fact]
    public async Task Target_ConnectionWaitsToBeAccepted_TakesItAndLeavesTheOthers()
    {
        await using var target = await UtpSocketTests.BindAsync();
        await using var other = await UtpSocketTests.BindAsync();
        await using var initiator = await UtpSocketTests.BindAsync();
        await using var fromOther = await other.ConnectAsync(target.LocalEndPoint).AsTask().WaitAsync(Patience);
        await using var fromInitiator = await initiator.ConnectAsync(target.LocalEndPoint).AsTask().WaitAsync(Patience);
        await EngineFixture.EventuallyAsync(() => target.Statistics.AcceptQueueLength == 2, "both wait");

        await using var met = await target.RendezvousAsync(initiator.LocalEndPoint, UtpRendezvousRole.Target).AsTask().WaitAsync(Patience);

        await UtpSocketTests.AssertCarriesAsync(fromInitiator, met);
        await UtpSocketTests.AssertCarriesAsync(fromOther, await target.AcceptAsync().AsTask().WaitAsync(Patience));
    }

    [Fact]
    public async Task Target_Cancelled_LeavesLaterConnectionsToAccept()
    {
        await using var target = await UtpSocketTests.BindAsync();
        await using var initiator = await UtpSocketTests.BindAsync();
        using var cancellation = new CancellationTokenSource();
        var first = target.RendezvousAsync(initiator.LocalEndPoint, UtpRendezvousRole.Target, cancellation.Token).AsTask();
        var second = await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await target.RendezvousAsync(initiator.LocalEndPoint, UtpRendezvousRole.Target));
        Assert.Contains(initiator.LocalEndPoint.ToString(), second.Message, StringComparison.Ordinal);

        await cancellation.CancelAsync();

        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.WaitAsync(Patience));
        Assert.Equal(cancellation.Token, error.CancellationToken);
        await using var stream = await initiator.ConnectAsync(target.LocalEndPoint).AsTask().WaitAsync(Patience);
        await UtpSocketTests.AssertCarriesAsync(stream, await target.AcceptAsync().AsTask().WaitAsync(Patience));
    }

    [Fact]
    public async Task Target_SocketStopsAccepting_Throws()
    {
        await using var target = await UtpSocketTests.BindAsync();
        await using var initiator = await UtpSocketTests.BindAsync();
        var waiting = target.RendezvousAsync(initiator.LocalEndPoint, UtpRendezvousRole.Target).AsTask();

        await target.StopAcceptingAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting.WaitAsync(Patience));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await target.RendezvousAsync(initiator.LocalEndPoint, UtpRendezvousRole.Target));
    }

    [Theory]
    [InlineData(UtpRendezvousRole.Initiator)]
    [InlineData(UtpRendezvousRole.Target)]
    public async Task Rendezvous_WithTheOtherFamily_FailsAtOnceAndSaysSo(UtpRendezvousRole role)
    {
        await using var socket = await UtpSocketTests.BindAsync();

        var error = await Assert.ThrowsAsync<SocketException>(async () => await socket.RendezvousAsync(new IPEndPoint(IPAddress.IPv6Loopback, 9), role));

        Assert.Equal(SocketError.AddressFamilyNotSupported, error.SocketErrorCode);
    }

    [Fact]
    public async Task Rendezvous_UnknownRole_Throws()
    {
        await using var socket = await UtpSocketTests.BindAsync();

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            async () => await socket.RendezvousAsync(new IPEndPoint(IPAddress.Loopback, 9), (UtpRendezvousRole)2));
    }

    /// <summary>Answers the next request to connect: with a RESET as a closed port does, or with the STATE that accepts.</summary>
    private static async Task AnswerAsync(UdpClient target, PacketType type)
    {
        PacketHeader request;
        UdpReceiveResult received;
        do
        {
            received = await target.ReceiveAsync().WaitAsync(Patience);
        }
        while (!PacketHeader.TryRead(received.Buffer, out request) || request.Type != PacketType.Syn);

        var answer = new byte[PacketHeader.Size];
        new PacketHeader
        {
            Type = type,
            ConnectionId = request.ConnectionId,
            Timestamp = 1,
            WindowBytes = 1_000_000,
            Sequence = new SequenceNumber(1),
            Acknowledgement = request.Sequence,
        }.Write(answer);
        await target.SendAsync(answer, received.RemoteEndPoint);
    }
}

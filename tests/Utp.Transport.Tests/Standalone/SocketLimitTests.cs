using System.Net;
using System.Net.Sockets;
using Utp.Transport.Tests.Engine;

namespace Utp.Transport.Tests.Standalone;

/// <summary>Limits of a socket and of a listener: connections, and connects that wait for an answer.</summary>
public sealed class SocketLimitTests
{
    private static readonly TimeSpan Patience = StandalonePair.Patience;
    private static readonly UtpConnectionOptions Brief = new() { ConnectTimeout = TimeSpan.FromMilliseconds(300) };

    [Fact]
    public async Task MaxConnections_CountsAcceptedAndOpenedOnes()
    {
        await using var limited = await UtpSocketTests.BindAsync(options: new UtpSocketOptions { MaxConnections = 2 });
        await using var peer = await UtpSocketTests.BindAsync();
        await using var opened = await limited.ConnectAsync(peer.LocalEndPoint).AsTask().WaitAsync(Patience);
        await using var openedAtPeer = await peer.AcceptAsync().AsTask().WaitAsync(Patience);
        await using var toLimited = await peer.ConnectAsync(limited.LocalEndPoint).AsTask().WaitAsync(Patience);
        var accepted = await limited.AcceptAsync().AsTask().WaitAsync(Patience);

        var error = await Assert.ThrowsAsync<InvalidOperationException>(async () => await limited.ConnectAsync(peer.LocalEndPoint));
        var dropped = await Assert.ThrowsAsync<SocketException>(() => peer.ConnectAsync(limited.LocalEndPoint, Brief).AsTask().WaitAsync(Patience));

        Assert.Contains("2 connections that MaxConnections allows", error.Message, StringComparison.Ordinal);
        Assert.Equal(SocketError.TimedOut, dropped.SocketErrorCode);
        Assert.True(limited.Statistics.RequestsDroppedForLimits > 0);
        Assert.Equal(2, limited.ConnectionCount);

        await toLimited.DisposeAsync();
        await accepted.DisposeAsync();
        await EngineFixture.EventuallyAsync(() => limited.ConnectionCount == 1, "one has ended");
        await using var again = await peer.ConnectAsync(limited.LocalEndPoint).AsTask().WaitAsync(Patience);
        await UtpSocketTests.AssertCarriesAsync(again, await limited.AcceptAsync().AsTask().WaitAsync(Patience));
    }

    [Fact]
    public async Task MaxConnections_CountsConnectionsThatWaitToBeAccepted()
    {
        await using var listener = await UtpListener.BindAsync(new IPEndPoint(IPAddress.Loopback, 0), new UtpListenerOptions { MaxConnections = 1 });
        await using var client = new UtpClient();
        await using var first = await client.ConnectAsync(listener.LocalEndPoint).AsTask().WaitAsync(Patience);
        await UtpSocketTests.AssertCarriesAsync(first, await listener.AcceptAsync().AsTask().WaitAsync(Patience));

        var dropped = await Assert.ThrowsAsync<SocketException>(() => client.ConnectAsync(listener.LocalEndPoint, Brief).AsTask().WaitAsync(Patience));

        Assert.Equal(SocketError.TimedOut, dropped.SocketErrorCode);
    }

    [Fact]
    public async Task MaxConnections_RequestConfirmedTooLate_IsReset()
    {
        // Both requests are answered while there is room for one connection: nothing is established before the data.
        await using var listener = await UtpSocketTests.BindAsync(options: new UtpSocketOptions { MaxConnections = 1 });
        using var first = new RawPeer(listener.LocalEndPoint);
        using var second = new RawPeer(listener.LocalEndPoint);
        first.SendData(1);
        await using var accepted = await listener.AcceptAsync().AsTask().WaitAsync(Patience);

        second.SendData(2);

        Assert.NotNull(second.ReceiveUntil(header => header.Type == Protocol.Wire.PacketType.Reset, Patience));
        Assert.Equal((1, 1), (listener.ConnectionCount, listener.Statistics.RequestsDroppedForLimits));
    }

    [Fact]
    public async Task MaxPendingConnects_FurtherConnects_WaitForTheirTurn()
    {
        using var silent = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        using var other = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        await using var listener = await UtpSocketTests.BindAsync();
        await using var socket = await UtpSocketTests.BindAsync(options: new UtpSocketOptions { MaxPendingConnects = 1 });
        using var firstEnds = new CancellationTokenSource();
        using var secondEnds = new CancellationTokenSource();
        var first = socket.ConnectAsync((IPEndPoint)silent.Client.LocalEndPoint!, null, firstEnds.Token).AsTask();
        await silent.ReceiveAsync().WaitAsync(Patience);
        var second = socket.ConnectAsync((IPEndPoint)other.Client.LocalEndPoint!, null, secondEnds.Token).AsTask();
        var third = socket.ConnectAsync(listener.LocalEndPoint).AsTask();

        await secondEnds.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second.WaitAsync(Patience));
        Assert.Equal((false, 0, 2), (third.IsCompleted, other.Available, socket.ConnectionCount));
        await firstEnds.CancelAsync();

        await using var stream = await third.WaitAsync(Patience);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.WaitAsync(Patience));
    }
}

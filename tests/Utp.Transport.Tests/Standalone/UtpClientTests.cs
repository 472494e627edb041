using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Utp.Transport.Tests.Engine;

namespace Utp.Transport.Tests.Standalone;

public class UtpClientTests
{
    [Fact]
    public async Task Connect_ManyTimes_SharesOneUdpSocket()
    {
        await using var pair = await StandalonePair.CreateAsync(transport: new UtpTransportOptions { Shards = 1 });
        HashSet<int> ports = [];
        HashSet<string> ids = [];
        const int Count = 12;
        for (var i = 0; i < Count; i++)
        {
            var (client, server) = await pair.ConnectAsync();
            ports.Add(client.LocalEndPoint!.Port);
            ports.Add(server.RemoteEndPoint!.Port);
            ids.Add(client.ConnectionId);
        }

        Assert.Single(ports);
        Assert.Equal(Count, ids.Count);
        Assert.Equal(Count, pair.Client.ConnectionCount);
    }

    [Fact]
    public async Task Connect_WhenFull_FailsWithTheLimitUntilAConnectionEnds()
    {
        await using var pair = await StandalonePair.CreateAsync(new UtpClientOptions { MaxConnections = 2 });
        Assert.Equal(2, pair.Client.MaxConnections);
        var (first, firstServer) = await pair.ConnectAsync();
        await pair.ConnectAsync();

        var error = await Assert.ThrowsAsync<InvalidOperationException>(async () => await pair.Client.ConnectAsync(pair.Listener.LocalEndPoint));
        Assert.Contains("2 connections", error.Message, StringComparison.Ordinal);
        Assert.Contains("MaxConnections", error.Message, StringComparison.Ordinal);

        await first.DisposeAsync();
        await firstServer.DisposeAsync();
        await pair.ConnectAsync();
    }

    [Fact]
    public async Task Create_NoOptions_HasNoMaximumOfConnections()
    {
        await using var client = new UtpClient();

        Assert.Null(client.MaxConnections);
    }

    [Fact]
    public async Task Connect_LocalEndPointOfTheOtherFamily_FailsAtOnceAndSaysSo()
    {
        await using var client = new UtpClient(new UtpClientOptions { LocalEndPoint = new IPEndPoint(IPAddress.IPv6Loopback, 0) });

        var error = await Assert.ThrowsAsync<SocketException>(async () => await client.ConnectAsync("127.0.0.1", 9));

        Assert.Equal(SocketError.AddressFamilyNotSupported, error.SocketErrorCode);
        Assert.Contains("[::1]:0 is IPv6, and cannot connect to 127.0.0.1:9, which is IPv4", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_ByName_ReachesTheListener()
    {
        await using var pair = await StandalonePair.CreateAsync();

        await using var stream = await pair.Client.ConnectAsync("localhost", pair.Listener.LocalEndPoint.Port).AsTask().WaitAsync(StandalonePair.Patience);

        Assert.Equal(pair.Listener.LocalEndPoint.Port, stream.RemoteEndPoint!.Port);
    }

    [Fact]
    public async Task Connect_LocalEndPointConfigured_LeavesFromThere()
    {
        for (var attempt = 1; ; attempt++)
        {
            using var probe = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
            var local = (IPEndPoint)probe.Client.LocalEndPoint!;
            probe.Close();
            await using var pair = await StandalonePair.CreateAsync(new UtpClientOptions { LocalEndPoint = local });
            try
            {
                var (_, server) = await pair.ConnectAsync();
                Assert.Equal(local, server.RemoteEndPoint);
                return;
            }
            catch (AddressInUseException) when (attempt < 5)
            {
                // Another test has taken the port meanwhile.
            }
        }
    }

    [Fact]
    public async Task Connect_NobodyListens_IsRefused()
    {
        // A uTP socket without a listener answers with RESET.
        await using var pair = await StandalonePair.CreateAsync();
        var (client, _) = await pair.ConnectAsync();
        await pair.Listener.StopAsync();

        var error = await Assert.ThrowsAsync<SocketException>(
            () => pair.Client.ConnectAsync(client.RemoteEndPoint!).AsTask().WaitAsync(StandalonePair.Patience));

        Assert.Equal(SocketError.ConnectionRefused, error.SocketErrorCode);
    }

    [Fact]
    public async Task Connect_Cancelled_ForgetsTheAttempt()
    {
        using var silent = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        await using var client = new UtpClient(new UtpClientOptions { MaxConnections = 1 });
        using var cancellation = new CancellationTokenSource();
        var connect = client.ConnectAsync((IPEndPoint)silent.Client.LocalEndPoint!, null, cancellation.Token).AsTask();
        await silent.ReceiveAsync().WaitAsync(StandalonePair.Patience);

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connect.WaitAsync(StandalonePair.Patience));
        Assert.Equal(0, client.ConnectionCount);
    }

    [Fact]
    public async Task Dispose_ConnectionsClosedAndOpen_DeliversWhatWasWrittenAndResetsTheOpenOne()
    {
        await using var pair = await StandalonePair.CreateAsync();
        var (client, server) = await pair.ConnectAsync();
        var (_, second) = await pair.ConnectAsync();
        var bytes = new byte[300_000];
        new Random(7).NextBytes(bytes);
        await client.WriteAsync(bytes);
        await client.DisposeAsync();

        await pair.Client.DisposeAsync().AsTask().WaitAsync(StandalonePair.Patience);

        Assert.Equal(bytes, await StandalonePair.ReadToEndAsync(server));
        await Assert.ThrowsAnyAsync<IOException>(() => StandalonePair.ReadToEndAsync(second));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await pair.Client.ConnectAsync(pair.Listener.LocalEndPoint));
    }

    [Fact]
    public void Create_OptionOutOfBounds_NamesTheOptionAndWhatIsAllowed()
    {
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => new UtpClient(new UtpClientOptions { MaxConnections = 0 }));

        Assert.Contains("MaxConnections is '0'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_OptionsOfOneConnection_AreJudgedToo()
    {
        await using var client = new UtpClient();

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            async () => await client.ConnectAsync(new IPEndPoint(IPAddress.Loopback, 9), new UtpConnectionOptions { MtuCeiling = 1 }));
    }
}

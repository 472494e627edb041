using System.Net;
using Microsoft.AspNetCore.Connections;
using Utp.Transport.Tests.Engine;

namespace Utp.Transport.Tests.Standalone;

public class UtpListenerTests
{
    [Fact]
    public async Task Bind_PortZero_ReportsThePortThatTheSystemChose()
    {
        await using var listener = await UtpListener.BindAsync(new IPEndPoint(IPAddress.Loopback, 0));

        Assert.Equal(IPAddress.Loopback, listener.LocalEndPoint.Address);
        Assert.NotEqual(0, listener.LocalEndPoint.Port);
        Assert.Equal($"utp://127.0.0.1:{listener.LocalEndPoint.Port}", listener.ToString());
    }

    [Fact]
    public async Task Bind_AddressOfAnotherListener_SaysThatItIsInUse()
    {
        await using var listener = await UtpListener.BindAsync(new IPEndPoint(IPAddress.Loopback, 0));

        await Assert.ThrowsAnyAsync<AddressInUseException>(async () => await UtpListener.BindAsync(listener.LocalEndPoint));
    }

    [Fact]
    public async Task Bind_OptionOutOfBounds_NamesTheOptionAndWhatIsAllowed()
    {
        var options = new UtpListenerOptions { ReceiveBufferSize = 12 };

        var error =
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await UtpListener.BindAsync(new IPEndPoint(IPAddress.Loopback, 0), options));

        Assert.Contains("ReceiveBufferSize is '12'", error.Message, StringComparison.Ordinal);
        Assert.Contains("8192", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AcceptAll_TwoClients_YieldsBothAndEndsWhenStopped()
    {
        await using var pair = await StandalonePair.CreateAsync();
        List<IPEndPoint?> accepted = [];
        var accepting = Task.Run(async () =>
        {
            await foreach (var stream in pair.Listener.AcceptAllAsync())
            {
                accepted.Add(stream.RemoteEndPoint);
                if (accepted.Count == 2)
                {
                    await pair.Listener.StopAsync();
                }
            }
        });

        await using var first = await pair.Client.ConnectAsync("127.0.0.1", pair.Listener.LocalEndPoint.Port);
        await using var second = await pair.Client.ConnectAsync("127.0.0.1", pair.Listener.LocalEndPoint.Port);

        await accepting.WaitAsync(StandalonePair.Patience);
        Assert.Equal(2, accepted.Count);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await pair.Listener.AcceptAsync());
    }

    [Fact]
    public async Task Accept_Cancelled_KeepsTheNextConnection()
    {
        await using var pair = await StandalonePair.CreateAsync();
        using var cancellation = new CancellationTokenSource();
        var accept = pair.Listener.AcceptAsync(cancellation.Token).AsTask();

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => accept.WaitAsync(StandalonePair.Patience));
        var (client, server) = await pair.ConnectAsync();
        Assert.Equal(client.LocalEndPoint!.Port, server.RemoteEndPoint!.Port);
    }

    [Fact]
    public async Task Stop_AcceptedConnection_GoesOn()
    {
        await using var pair = await StandalonePair.CreateAsync();
        var (client, server) = await pair.ConnectAsync();

        await pair.Listener.StopAsync();

        await client.WriteAsync("still here"u8.ToArray());
        await client.CompleteWritesAsync().AsTask().WaitAsync(StandalonePair.Patience);
        Assert.Equal("still here"u8.ToArray(), await StandalonePair.ReadToEndAsync(server));
    }

    [Fact]
    public async Task Dispose_OpenConnections_ResetsThemAfterWhatWasWritten()
    {
        await using var pair = await StandalonePair.CreateAsync();
        var (first, _) = await pair.ConnectAsync();
        var (second, server) = await pair.ConnectAsync();
        await server.WriteAsync("goodbye"u8.ToArray());

        await pair.Listener.DisposeAsync().AsTask().WaitAsync(StandalonePair.Patience);

        // The writer has not finished after "goodbye", so the peers must not mistake it for the whole.
        await Assert.ThrowsAnyAsync<IOException>(() => StandalonePair.ReadToEndAsync(first));
        await Assert.ThrowsAnyAsync<IOException>(() => StandalonePair.ReadToEndAsync(second));
        Assert.Equal(7, server.Statistics.BytesAcknowledged);
    }

    [Fact]
    public async Task Dispose_PeerThatHasNotFinished_IsToldThatNobodyIsThere()
    {
        await using var pair = await StandalonePair.CreateAsync(new UtpClientOptions { CloseOnPeerFinish = false });
        var (client, server) = await pair.ConnectAsync();
        await server.WriteAsync("goodbye"u8.ToArray());
        await server.CompleteWritesAsync().AsTask().WaitAsync(StandalonePair.Patience);

        await pair.Listener.DisposeAsync().AsTask().WaitAsync(StandalonePair.Patience);

        // All written bytes have arrived, and the client learns at once that its own output has no receiver.
        Assert.Equal("goodbye"u8.ToArray(), await StandalonePair.ReadToEndAsync(client));
        await EngineFixture.EventuallyAsync(() => client.CloseReason == UtpCloseReason.PeerReset, "the reset");
    }

    [Fact]
    public async Task ListenerAndClient_IPv6Any_AcceptBothFamilies()
    {
        await using var pair = await StandalonePair.CreateAsync(address: IPAddress.IPv6Any);

        await using var four = await pair.Client.ConnectAsync("127.0.0.1", pair.Listener.LocalEndPoint.Port);
        await using var six = await pair.Client.ConnectAsync("::1", pair.Listener.LocalEndPoint.Port);

        Assert.Equal(IPAddress.Loopback, (await pair.Listener.AcceptAsync().AsTask().WaitAsync(StandalonePair.Patience)).RemoteEndPoint!.Address);
        Assert.Equal(IPAddress.IPv6Loopback, (await pair.Listener.AcceptAsync().AsTask().WaitAsync(StandalonePair.Patience)).RemoteEndPoint!.Address);
    }
}

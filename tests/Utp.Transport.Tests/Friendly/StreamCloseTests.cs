using Microsoft.AspNetCore.Connections;
using Utp.Protocol;

namespace Utp.Transport.Tests.Friendly;

public class StreamCloseTests
{
    [Fact]
    public async Task Close_PeerThere_ReturnsWhenEveryByteIsAcknowledged()
    {
        await using var pair = await FriendlyPair.CreateAsync();
        var (client, server) = await pair.ConnectAsync();
        var bytes = new byte[200_000];
        new Random(3).NextBytes(bytes);
        await client.WriteAsync(bytes);
        var received = FriendlyPair.ReadToEndAsync(server);

        await client.CloseAsync().WaitAsync(FriendlyPair.Patience);

        Assert.Equal(bytes.Length, client.Statistics.BytesAcknowledged);
        Assert.Equal(bytes, await received);
    }

    [Fact]
    public async Task Close_PeerTakesNothing_TimesOut()
    {
        var options = new UtpClientOptions { LingerTimeout = TimeSpan.FromMilliseconds(200) };
        await using var pair = await FriendlyPair.CreateAsync(options, new UtpListenerOptions { ReceiveBufferSize = 8 * 1024 });
        var (client, server) = await pair.ConnectAsync();
        await client.WriteAsync(new byte[100_000]);

        var error = await Assert.ThrowsAsync<TimeoutException>(() => client.CloseAsync().WaitAsync(FriendlyPair.Patience));

        Assert.Contains("LingerTimeout", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ConnectionResetException>(() => FriendlyPair.ReadToEndAsync(server));
    }

    [Fact]
    public async Task Close_PeerResets_SaysThatBytesMayBeMissing()
    {
        await using var pair = await FriendlyPair.CreateAsync(server: new UtpListenerOptions { ReceiveBufferSize = 8 * 1024 });
        var (client, server) = await pair.ConnectAsync();
        await client.WriteAsync(new byte[100_000]);
        var close = client.CloseAsync();

        server.Abort();

        await Assert.ThrowsAnyAsync<IOException>(() => close.WaitAsync(FriendlyPair.Patience));
        Assert.Equal(CloseReason.PeerReset, client.CloseReason);
    }

    [Fact]
    public async Task Close_Cancelled_StopsWaiting()
    {
        await using var pair = await FriendlyPair.CreateAsync(
            new UtpClientOptions { LingerTimeout = TimeSpan.FromSeconds(1) }, new UtpListenerOptions { ReceiveBufferSize = 8 * 1024 });
        var (client, _) = await pair.ConnectAsync();
        await client.WriteAsync(new byte[100_000]);
        using var cancellation = new CancellationTokenSource();
        var close = client.CloseAsync(cancellation.Token);

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => close.WaitAsync(FriendlyPair.Patience));
    }

    [Fact]
    public async Task Abort_UnreadBytes_ResetsWithoutWaiting()
    {
        await using var pair = await FriendlyPair.CreateAsync();
        var (client, server) = await pair.ConnectAsync();
        var read = FriendlyPair.ReadToEndAsync(server);

        client.Abort();

        await Assert.ThrowsAsync<ConnectionResetException>(() => read);
        Assert.Equal(CloseReason.PeerReset, server.CloseReason);
        Assert.Equal(CloseReason.LocalAbort, client.CloseReason);
        await Assert.ThrowsAnyAsync<IOException>(async () => await client.WriteAsync(new byte[1]));
    }

    [Fact]
    public async Task Statistics_OverAnotherTransport_AreNotSupported()
    {
        await using var foreign = new UtpStream(new DefaultConnectionContext("foreign", Substitute(), Substitute()));

        Assert.Throws<NotSupportedException>(() => foreign.Statistics);
        Assert.Null(foreign.RemoteEndPoint);

        static System.IO.Pipelines.IDuplexPipe Substitute() => new ClosedPipe();
    }

    private sealed class ClosedPipe : System.IO.Pipelines.IDuplexPipe
    {
        public System.IO.Pipelines.PipeReader Input { get; } = System.IO.Pipelines.PipeReader.Create(Stream.Null);

        public System.IO.Pipelines.PipeWriter Output { get; } = System.IO.Pipelines.PipeWriter.Create(Stream.Null);
    }
}

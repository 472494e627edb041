using Microsoft.AspNetCore.Connections;
using Utp.Transport.Tests.Engine;

namespace Utp.Transport.Tests.Standalone;

public class StreamCloseTests
{
    [Fact]
    public async Task Close_PeerThere_ReturnsWhenEveryByteIsAcknowledged()
    {
        await using var pair = await StandalonePair.CreateAsync();
        var (client, server) = await pair.ConnectAsync();
        var bytes = new byte[200_000];
        new Random(3).NextBytes(bytes);
        await client.WriteAsync(bytes);
        var received = StandalonePair.ReadToEndAsync(server);

        await client.CloseAsync().WaitAsync(StandalonePair.Patience);

        Assert.Equal(bytes.Length, client.Statistics.BytesAcknowledged);
        Assert.Equal(bytes, await received);
    }

    [Fact]
    public async Task Close_PeerTakesNothing_TimesOut()
    {
        var options = new UtpClientOptions { LingerTimeout = TimeSpan.FromMilliseconds(200) };
        await using var pair = await StandalonePair.CreateAsync(options, new UtpListenerOptions { ReceiveBufferSize = 8 * 1024 });
        var (client, server) = await pair.ConnectAsync();
        await client.WriteAsync(new byte[100_000]);

        var error = await Assert.ThrowsAsync<TimeoutException>(() => client.CloseAsync().WaitAsync(StandalonePair.Patience));

        Assert.Contains("LingerTimeout", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ConnectionResetException>(() => StandalonePair.ReadToEndAsync(server));
    }

    [Fact]
    public async Task Close_PeerResets_SaysThatBytesMayBeMissing()
    {
        await using var pair = await StandalonePair.CreateAsync(server: new UtpListenerOptions { ReceiveBufferSize = 8 * 1024 });
        var (client, server) = await pair.ConnectAsync();
        await client.WriteAsync(new byte[100_000]);
        var close = client.CloseAsync();

        server.Abort();

        await Assert.ThrowsAnyAsync<IOException>(() => close.WaitAsync(StandalonePair.Patience));
        Assert.Equal(UtpCloseReason.PeerReset, client.CloseReason);
    }

    [Fact]
    public async Task Close_Cancelled_StopsWaiting()
    {
        await using var pair = await StandalonePair.CreateAsync(
            new UtpClientOptions { LingerTimeout = TimeSpan.FromSeconds(1) }, new UtpListenerOptions { ReceiveBufferSize = 8 * 1024 });
        var (client, _) = await pair.ConnectAsync();
        await client.WriteAsync(new byte[100_000]);
        using var cancellation = new CancellationTokenSource();
        var close = client.CloseAsync(cancellation.Token);

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => close.WaitAsync(StandalonePair.Patience));
    }

    [Fact]
    public async Task Abort_UnreadBytes_ResetsWithoutWaiting()
    {
        await using var pair = await StandalonePair.CreateAsync();
        var (client, server) = await pair.ConnectAsync();
        var read = StandalonePair.ReadToEndAsync(server);

        client.Abort();

        await Assert.ThrowsAsync<ConnectionResetException>(() => read);
        Assert.Equal(UtpCloseReason.PeerReset, server.CloseReason);
        Assert.Equal(UtpCloseReason.LocalAbort, client.CloseReason);
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

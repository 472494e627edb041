using System.Diagnostics;
using Microsoft.AspNetCore.Connections;
using Utp.Protocol.Wire;
using Utp.Transport.Connections;
using Utp.Transport.Tests.Datagrams;
using Utp.Transport.Tests.Performance;
using Xunit.Abstractions;

#pragma warning disable xUnit1031 // These tests must not await: what follows an await runs on the thread pool, which is what they block.

namespace Utp.Transport.Tests.Engine;

/// <summary>
/// With every thread of the pool blocked, connections continue: timers fire, and threads that block in a stream are woken. The limits are generous
/// for busy machines; without this property nothing happens for as long as the pool stays blocked.
/// </summary>
[Collection(Alone.Name)]
public sealed class OccupiedThreadPoolTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = EngineFixture.Patience;

    [Theory]
    [OverChannel(UtpDatagramOffload.Portable)]
    [OverChannel(UtpDatagramOffload.Batching)]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public void LoneSegment_IsAcknowledgedInTime(UtpDatagramOffload channel)
    {
        WithPeer(options => options.DatagramOffload = channel, begin: null, peer =>
        {
            for (var i = 0; i < 10; i++)
            {
                var watch = Stopwatch.StartNew();
                var sequence = peer.SendData(1);

                Assert.NotNull(peer.ReceiveUntil(header => header.Type == PacketType.State && header.Acknowledgement == sequence, TimeSpan.FromSeconds(1)));

                output.WriteLine($"Acknowledged after {watch.Elapsed.TotalMilliseconds:F1} ms.");
                Assert.InRange(watch.Elapsed.TotalMilliseconds, 0, 250);
            }
        });
    }

    [Theory]
    [OverChannel(UtpDatagramOffload.Portable)]
    [OverChannel(UtpDatagramOffload.Batching)]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public void LostSegment_IsRetransmittedInTime(UtpDatagramOffload channel)
    {
        ConnectionContext? server = null;
        void Begin(UtpConnectionListener listener, RawPeer peer)
        {
            peer.SendData(1);
            server = Result(EngineFixture.AcceptAsync(listener));
        }

        WithPeer(options => options.DatagramOffload = channel, Begin, peer =>
        {
            using var stream = server!.AsUtpStream();
            stream.Write([1, 2, 3]);
            var first = peer.ReceiveUntil(header => header.Type == PacketType.Data, TimeSpan.FromSeconds(1));
            Assert.NotNull(first);
            var watch = Stopwatch.StartNew();

            Assert.NotNull(peer.ReceiveUntil(header => header.Type == PacketType.Data && header.Sequence == first.Value.Sequence, TimeSpan.FromSeconds(5)));

            output.WriteLine($"Retransmitted after {watch.Elapsed.TotalMilliseconds:F1} ms.");
            Assert.InRange(watch.Elapsed.TotalMilliseconds, 5, 3_500);
        });
    }

    [Theory]
    [OverChannel(UtpDatagramOffload.Portable)]
    [OverChannel(UtpDatagramOffload.Batching)]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public void QuietConnection_SendsKeepAlives(UtpDatagramOffload channel)
    {
        static void Begin(UtpConnectionListener listener, RawPeer peer)
        {
            var sequence = peer.SendData(1);
            Assert.NotNull(peer.ReceiveUntil(header => header.Acknowledgement == sequence, Patience));
        }

        WithPeer(options => (options.DatagramOffload, options.KeepAliveInterval) = (channel, TimeSpan.FromSeconds(1)), Begin, peer =>
        {
            for (var i = 0; i < 2; i++)
            {
                var watch = Stopwatch.StartNew();

                Assert.NotNull(peer.ReceiveUntil(header => header.Type == PacketType.State, TimeSpan.FromSeconds(5)));

                output.WriteLine($"A keepalive after {watch.Elapsed.TotalMilliseconds:F1} ms.");
                Assert.InRange(watch.Elapsed.TotalMilliseconds, 0, 2_000);
            }
        });
    }

    [Theory]
    [OverChannel(UtpDatagramOffload.Portable)]
    [OverChannel(UtpDatagramOffload.Batching)]
    [OverChannel(UtpDatagramOffload.Segmentation)]
    public void BlockingStreams_OnThreadsOfTheirOwn_GoOn(UtpDatagramOffload channel)
    {
        var fixture = new EngineFixture(options =>
        {
            // The buffers are small enough for writes to wait.
            (options.DatagramOffload, options.SendBufferSize, options.ReceiveBufferSize) = (channel, 64 * 1024, 64 * 1024);
        });
        var (client, server) = Result(fixture.ConnectPairAsync());
        using (var pool = new OccupiedThreadPool())
        {
            Exception? error = null;
            var echo = new Thread(() => error = Record.Exception(() => Echo(server.AsUtpStream()))) { IsBackground = true };
            var ping = new Thread(() => error ??= Record.Exception(() => Ping(client.AsUtpStream()))) { IsBackground = true };
            echo.Start();
            ping.Start();

            Assert.True(ping.Join(Patience), "The client was never woken.");
            Assert.True(echo.Join(Patience), "The server was never woken.");
            Assert.Null(error);
            Assert.False(pool.RanSomething);
        }

        End(fixture);
    }

    /// <summary>Runs a peer against a listener while every thread of the pool is blocked.</summary>
    /// <param name="configure">Sets the options.</param>
    /// <param name="begin">Runs before the threads are blocked.</param>
    /// <param name="run">Runs while they are blocked.</param>
    private static void WithPeer(Action<UtpTransportOptions> configure, Action<UtpConnectionListener, RawPeer>? begin, Action<RawPeer> run)
    {
        var fixture = new EngineFixture(configure);
        var listener = Result(fixture.BindAsync().AsTask());
        var peer = new RawPeer(EngineFixture.AddressOf(listener));
        begin?.Invoke(listener, peer);
        using (var pool = new OccupiedThreadPool())
        {
            run(peer);
            Assert.False(pool.RanSomething);
        }

        peer.Dispose();
        End(fixture);
    }

    private static void Ping(UtpStream stream)
    {
        using (stream)
        {
            foreach (var size in Enumerable.Repeat(1_000, 100).Append(2_000_000))
            {
                var (sent, received) = (new byte[size], new byte[size]);
                new Random(size).NextBytes(sent);
                var writer = new Thread(() => stream.Write(sent)) { IsBackground = true };
                writer.Start();
                stream.ReadExactly(received);
                writer.Join();
                Assert.Equal(sent, received);
            }
        }
    }

    private static void Echo(UtpStream stream)
    {
        using (stream)
        {
            var buffer = new byte[16 * 1024];
            while (stream.Read(buffer) is > 0 and var length)
            {
                stream.Write(buffer.AsSpan(0, length));
            }
        }
    }

    private static T Result<T>(Task<T> task) => task.WaitAsync(Patience).GetAwaiter().GetResult();

    private static void End(EngineFixture fixture) => fixture.DisposeAsync().AsTask().WaitAsync(Patience).GetAwaiter().GetResult();
}

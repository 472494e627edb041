using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Utp.Transport.Tests.Engine;

namespace Utp.Transport.Tests.Datagrams.Custom;

public sealed class CustomLayerTests
{
    private static readonly TimeSpan Patience = EngineFixture.Patience;

    [Fact]
    public async Task ClientAndListener_OverALayer_TransferBothWays()
    {
        var layer = new MemoryLayer();
        await using (var pair = await Pair.CreateAsync(layer))
        {
            await pair.TransferAsync(1_000_000);
            Assert.Equal(2, layer.Open.Count);
        }

        await EngineFixture.EventuallyAsync(() => layer.Open.Count == 0, "both sockets are disposed");
    }

    [Fact]
    public async Task Layer_AsAService_CarriesTheListenersAndClientsOfTheHost()
    {
        var layer = new MemoryLayer();
        await using var services = new ServiceCollection().AddSingleton<IUtpDatagramLayer>(layer).AddUtp().Services.BuildServiceProvider();
        await using var listener = await services.GetRequiredService<IUtpConnectionListenerFactory>().BindAsync(new UtpEndPoint(IPAddress.Loopback, 0));
        var accept = listener.AcceptAsync().AsTask();

        await using var client = await services.GetRequiredService<IUtpConnectionFactory>().ConnectAsync(listener.EndPoint).AsTask().WaitAsync(Patience);

        await using var server = (await accept.WaitAsync(Patience))!;
        Assert.Equal(2, layer.OpenedCount);
    }

    /// <summary>An error of a receive passes. The datagram is lost, and uTP sends it again.</summary>
    [Fact]
    public async Task SocketException_OfAReceive_IsSurvived()
    {
        var count = 0;
        var layer = new MemoryLayer
        {
            ReceiveFault = _ =>
            {
                if (Interlocked.Increment(ref count) % 50 == 49)
                {
                    throw new SocketException((int)SocketError.ConnectionReset);
                }
            },
        };
        await using var pair = await Pair.CreateAsync(layer);

        await pair.TransferAsync(300_000);

        Assert.True(count > 100);
        Assert.Equal(2, layer.OpenedCount);
    }

    [Fact]
    public async Task SocketException_OfASend_IsSurvived()
    {
        var count = 0;
        var layer = new MemoryLayer
        {
            SendFault = () =>
            {
                if (Interlocked.Increment(ref count) % 50 == 49)
                {
                    throw new SocketException((int)SocketError.NoBufferSpaceAvailable);
                }
            },
        };
        await using var pair = await Pair.CreateAsync(layer);

        await pair.TransferAsync(300_000);

        Assert.True(count > 100);
    }

    /// <summary>Any other exception is a defect of the layer: the socket ends, and the listener moves to a new one at the same address.</summary>
    [Fact]
    public async Task OtherException_OfAReceive_EndsTheSocket_AndTheListenerOpensAnother()
    {
        var layer = new MemoryLayer();
        await using var pair = await Pair.CreateAsync(layer);
        var port = pair.Listener.LocalEndPoint.Port;
        var broken = false;
        layer.ReceiveFault = socket =>
        {
            if (socket.LocalEndPoint.Port == port && !broken)
            {
                broken = true;
                throw new InvalidOperationException("the layer is broken");
            }
        };

        await pair.Near.WriteAsync(new byte[100]).AsTask().WaitAsync(Patience);

        await Assert.ThrowsAnyAsync<IOException>(() => pair.Far.ReadExactlyAsync(new byte[200]).AsTask().WaitAsync(Patience));
        await EngineFixture.EventuallyAsync(() => layer.OpenedCount == 3, "the listener has opened another socket");
        var accept = pair.Listener.AcceptAsync().AsTask();
        await using var again = await pair.Client.ConnectAsync(pair.Listener.LocalEndPoint).AsTask().WaitAsync(Patience);
        await using var accepted = await accept.WaitAsync(Patience);
    }

    [Fact]
    public async Task Close_EndsTheReceiveThatWaits_AndDisposesTheSockets()
    {
        var layer = new MemoryLayer();
        var pair = await Pair.CreateAsync(layer);
        var sockets = layer.Open.ToArray();

        await pair.DisposeAsync();

        await Task.WhenAll(sockets.Select(socket => socket.Disposed.Task)).WaitAsync(Patience);
        await EngineFixture.EventuallyAsync(() => Array.TrueForAll(sockets, socket => !socket.IsReceiving), "no receive waits");
    }

    private sealed record Pair(UtpListener Listener, UtpClient Client, UtpStream Near, UtpStream Far) : IAsyncDisposable
    {
        public static async Task<Pair> CreateAsync(MemoryLayer layer)
        {
            var engine = new UtpEngineOptions { DatagramLayer = layer };
            var listener = await UtpListener.BindAsync(new IPEndPoint(IPAddress.Loopback, 0), null, engine);
            var client = new UtpClient(null, engine);
            var accept = listener.AcceptAsync().AsTask();
            var near = await client.ConnectAsync(listener.LocalEndPoint).AsTask().WaitAsync(Patience);
            return new Pair(listener, client, near, await accept.WaitAsync(Patience));
        }

        public async Task TransferAsync(int count) =>
            await Task.WhenAll(SendAndReceiveAsync(Near, 1, 2, count), SendAndReceiveAsync(Far, 2, 1, count)).WaitAsync(Patience);

        public async ValueTask DisposeAsync() =>
            await Task.WhenAll(Client.DisposeAsync().AsTask(), Listener.DisposeAsync().AsTask()).WaitAsync(Patience);

        private static async Task SendAndReceiveAsync(UtpStream stream, int sent, int expected, int count)
        {
            var received = new byte[count];
            var read = stream.ReadExactlyAsync(received).AsTask();
            await stream.WriteAsync(PipeAssertions.Pattern(count, sent));
            await read;
            Assert.Equal(PipeAssertions.Pattern(count, expected), received);
        }
    }
}

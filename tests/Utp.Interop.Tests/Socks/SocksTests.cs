using System.Net;
using System.Security.Cryptography;
using Utp.Transport;

namespace Utp.Interop.Tests.Socks;

/// <summary>Connections through a SOCKS5 proxy that is not ours.</summary>
public sealed class SocksTests
{
    private const int Bytes = 2_000_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [SocksFact]
    public async Task Client_ThroughTheProxy_TransfersBothWays()
    {
        using var proxy = await DanteProxy.StartAsync();
        var layer = new CountingLayer(new Socks5DatagramLayer(proxy.EndPoint));
        await using var listener = await UtpListener.BindAsync(new IPEndPoint(IPAddress.Loopback, 0));
        await using var client = new UtpClient(null, new UtpEngineOptions { DatagramLayer = layer });
        var accept = listener.AcceptAsync().AsTask();
        await using var near = await client.ConnectAsync(listener.LocalEndPoint).AsTask().WaitAsync(Patience);
        await using var far = await accept.WaitAsync(Patience);
        var there = RandomNumberGenerator.GetBytes(Bytes);
        var back = RandomNumberGenerator.GetBytes(Bytes);

        var results = await Task.WhenAll(SendAndReceiveAsync(near, there, Bytes), SendAndReceiveAsync(far, back, Bytes)).WaitAsync(Patience);

        Assert.Equal(back, results[0]);
        Assert.Equal(there, results[1]);

        // The listener sees the proxy's port, and every datagram of the client has passed the layer.
        Assert.NotEqual(near.LocalEndPoint!.Port, far.RemoteEndPoint!.Port);
        Assert.True(layer.SentCount >= Bytes / 1_500, $"{layer.SentCount} datagrams");
    }

    [SocksFact]
    public async Task ProxyThatIsGone_EndsTheConnectWithAnError()
    {
        var proxy = await DanteProxy.StartAsync();
        proxy.Dispose();
        await using var client = new UtpClient(
            new UtpClientOptions { ConnectTimeout = TimeSpan.FromSeconds(2) },
            new UtpEngineOptions { DatagramLayer = new Socks5DatagramLayer(proxy.EndPoint) });

        await Assert.ThrowsAnyAsync<Exception>(() => client.ConnectAsync(new IPEndPoint(IPAddress.Loopback, 9)).AsTask().WaitAsync(Patience));
    }

    private static async Task<byte[]> SendAndReceiveAsync(UtpStream stream, byte[] bytes, int count)
    {
        var received = new byte[count];
        var read = stream.ReadExactlyAsync(received).AsTask();
        await stream.WriteAsync(bytes);
        await read;
        return received;
    }

    private sealed class CountingLayer(IUtpDatagramLayer layer) : IUtpDatagramLayer
    {
        private int _sentCount;

        public int SentCount => Volatile.Read(ref _sentCount);

        public IUtpDatagramSocket Open(IPEndPoint local) => new CountingSocket(this, layer.Open(local));

        private sealed class CountingSocket(CountingLayer owner, IUtpDatagramSocket socket) : IUtpDatagramSocket
        {
            public IPEndPoint LocalEndPoint => socket.LocalEndPoint;

            public ValueTask<System.Net.Sockets.SocketReceiveFromResult> ReceiveFromAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
                socket.ReceiveFromAsync(buffer, cancellationToken);

            public void SendTo(ReadOnlySpan<byte> datagram, IPEndPoint remote)
            {
                Interlocked.Increment(ref owner._sentCount);
                socket.SendTo(datagram, remote);
            }

            public void Dispose() => socket.Dispose();
        }
    }
}

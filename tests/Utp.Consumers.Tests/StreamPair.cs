using System.Net;
using System.Net.Sockets;

namespace Utp.Consumers.Tests;

/// <summary>Two connected streams, without a host.</summary>
internal sealed class StreamPair(Stream client, Stream server, params IAsyncDisposable[] others) : IAsyncDisposable
{
    public Stream Client => client;

    public Stream Server => server;

    public static async Task<StreamPair> ConnectAsync(Wire wire)
    {
        if (wire == Wire.Tcp)
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            var accepting = listener.AcceptTcpClientAsync();
            var tcp = new TcpClient();
            await tcp.ConnectAsync((IPEndPoint)listener.LocalEndpoint).WaitAsync(WebServer.Patience);
            return new StreamPair(tcp.GetStream(), (await accepting.WaitAsync(WebServer.Patience)).GetStream());
        }

        var utpListener = await UtpListener.BindAsync(new IPEndPoint(IPAddress.Loopback, 0));
        var utpClient = new UtpClient();
        var connecting = utpClient.ConnectAsync(utpListener.LocalEndPoint).AsTask();
        var accepted = utpListener.AcceptAsync().AsTask();
        return new StreamPair(await connecting.WaitAsync(WebServer.Patience), await accepted.WaitAsync(WebServer.Patience), utpClient, utpListener);
    }

    public async ValueTask DisposeAsync()
    {
        await client.DisposeAsync();
        await server.DisposeAsync();
        foreach (var other in others)
        {
            await other.DisposeAsync().AsTask().WaitAsync(WebServer.Patience);
        }
    }
}

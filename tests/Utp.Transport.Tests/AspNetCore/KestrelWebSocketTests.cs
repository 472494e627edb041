using System.Net.Http;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Utp.Transport.Tests.AspNetCore;

/// <summary>WebSockets over uTP: by upgrade over HTTP/1.1, by extended CONNECT over HTTP/2, and with TLS.</summary>
public sealed class KestrelWebSocketTests
{
    [Theory]
    [InlineData(HttpVariant.Http1)]
    [InlineData(HttpVariant.Http2PriorKnowledge)]
    [InlineData(HttpVariant.HttpsHttp1)]
    [InlineData(HttpVariant.HttpsHttp2ByAlpn)]
    public async Task WebSocket_OverEachVariant_EchoesAndCloses(HttpVariant variant)
    {
        await using var app = await UtpWebApp.StartAsync(
            web =>
            {
                web.UseWebSockets();
                web.Map("/echo", EchoAsync);
            },
            variant.Listening());
        using var timeout = new CancellationTokenSource(UtpWebApp.Patience);
        using var invoker = new HttpMessageInvoker(app.CreateHandler());
        using var client = new ClientWebSocket();
        client.Options.HttpVersion = variant.Version();
        client.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        await client.ConnectAsync(new Uri($"{(variant.IsHttps() ? "wss" : "ws")}://{app.EndPoints[0]}/echo"), invoker, timeout.Token);

        foreach (var size in (int[])[1, 1_400, 100_000])
        {
            var message = new byte[size];
            new Random(size).NextBytes(message);
            await client.SendAsync(message, WebSocketMessageType.Binary, endOfMessage: true, timeout.Token);
            Assert.Equal(message, await ReceiveAsync(client, timeout.Token));
        }

        await client.CloseAsync(WebSocketCloseStatus.NormalClosure, "done", timeout.Token);
        Assert.Equal(WebSocketState.Closed, client.State);
    }

    private static async Task EchoAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[4_096];
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer, context.RequestAborted);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", context.RequestAborted);
                return;
            }

            await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, context.RequestAborted);
        }
    }

    private static async Task<byte[]> ReceiveAsync(ClientWebSocket socket, CancellationToken cancellationToken)
    {
        using var message = new MemoryStream();
        var buffer = new byte[4_096];
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer, cancellationToken);
            message.Write(buffer, 0, received.Count);
            if (received.EndOfMessage)
            {
                return message.ToArray();
            }
        }
    }
}

using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;

namespace Utp.Transport.Tests.AspNetCore;

/// <summary>SignalR, unmodified: over each of its HTTP transports, and raw over a connection without HTTP.</summary>
public sealed class SignalRTests
{
    [Theory]
    [InlineData(HttpTransportType.WebSockets)]
    [InlineData(HttpTransportType.ServerSentEvents)]
    [InlineData(HttpTransportType.LongPolling)]
    public async Task Hub_OverHttp_CallsAndIsCalledBack(HttpTransportType transport)
    {
        await using var app = UtpWebApp.Build("{}", builder =>
        {
            builder.Services.AddSignalR();
            builder.WebHost.UseUtp().ConfigureKestrel(kestrel => kestrel.ListenUtp(System.Net.IPAddress.Loopback, 0));
        });
        app.App.MapHub<ChatHub>("/chat");
        await app.StartAsync();
        await using var connection = new HubConnectionBuilder().WithUrl(new Uri($"http://{app.EndPoints[0]}/chat"), transport, options =>
        {
            options.HttpMessageHandlerFactory = _ => app.CreateHandler();
            options.WebSocketFactory = async (context, cancellationToken) =>
            {
                var socket = new ClientWebSocket();
                var address = new UriBuilder(context.Uri) { Scheme = "ws" }.Uri;
                await socket.ConnectAsync(address, new System.Net.Http.HttpMessageInvoker(app.CreateHandler()), cancellationToken);
                return socket;
            };
        }).Build();

        await AssertChatsAsync(connection);
    }

    [Fact]
    public async Task Hub_WithoutHttp_CallsAndIsCalledBack()
    {
        await using var app = UtpWebApp.Build("{}", builder =>
        {
            builder.Services.AddSignalR();
            builder.WebHost.UseUtp().ConfigureKestrel(kestrel => kestrel.ListenUtp(System.Net.IPAddress.Loopback, 0, listen => listen.UseHub<ChatHub>()));
        });
        await app.StartAsync();
        var builder = new HubConnectionBuilder();
        builder.Services.AddSingleton<IConnectionFactory>(app.Client);
        builder.Services.AddSingleton<System.Net.EndPoint>(app.EndPoints[0]);
        await using var connection = builder.Build();

        await AssertChatsAsync(connection);
    }

    private static async Task AssertChatsAsync(HubConnection connection)
    {
        var heard = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        connection.On<string>("Heard", heard.SetResult);
        await connection.StartAsync().WaitAsync(UtpWebApp.Patience);

        var answer = await connection.InvokeAsync<string>("Say", "hello").WaitAsync(UtpWebApp.Patience);

        Assert.Equal("HELLO", answer);
        Assert.Equal("hello", await heard.Task.WaitAsync(UtpWebApp.Patience));
        await connection.StopAsync().WaitAsync(UtpWebApp.Patience);
    }

    private sealed class ChatHub : Hub
    {
        public async Task<string> Say(string text)
        {
            await Clients.Caller.SendAsync("Heard", text);
            return text.ToUpperInvariant();
        }
    }
}

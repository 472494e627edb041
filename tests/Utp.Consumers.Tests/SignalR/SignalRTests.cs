using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.Http.Connections.Client;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;

namespace Utp.Consumers.Tests.SignalR;

/// <summary>SignalR's server and its .NET client, unmodified: over WebSockets, and raw over a connection without HTTP.</summary>
public sealed class SignalRTests
{
    [Theory]
    [InlineData(Wire.Utp)]
    [InlineData(Wire.Tcp)]
    public async Task Hub_OverWebSockets_CallsStreamsAndReconnects(Wire wire)
    {
        await using var server = await StartAsync(wire, raw: false);
        await using var connection = BuildOverWebSockets(server.Address, server.CreateHandler);

        await AssertWorksAsync(connection);
    }

    [Fact]
    public async Task Hub_WithoutHttp_CallsStreamsAndReconnects()
    {
        await using var server = await StartAsync(Wire.Utp, raw: true);
        await using var connection = BuildRaw(server.Utp, server.EndPoint);

        await AssertWorksAsync(connection);
    }

    internal static HubConnection BuildOverWebSockets(Uri address, Func<SocketsHttpHandler> createHandler) => new HubConnectionBuilder()
        .WithUrl(new Uri(address, "hub"), HttpTransportType.WebSockets, options => Dial(options, createHandler))
        .WithAutomaticReconnect([TimeSpan.Zero, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1)])
        .Build();

    private static HubConnection BuildRaw(IConnectionFactory factory, EndPoint endPoint)
    {
        var builder = new HubConnectionBuilder().WithAutomaticReconnect([TimeSpan.Zero, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1)]);
        builder.Services.AddSingleton(factory);
        builder.Services.AddSingleton(endPoint);
        return builder.Build();
    }

    private static void Dial(HttpConnectionOptions options, Func<SocketsHttpHandler> createHandler)
    {
        options.HttpMessageHandlerFactory = _ => createHandler();
        options.WebSocketFactory = async (context, cancellationToken) =>
        {
            var socket = new ClientWebSocket();
            var address = new UriBuilder(context.Uri) { Scheme = context.Uri.Scheme == "https" ? "wss" : "ws" }.Uri;
            await socket.ConnectAsync(address, new HttpMessageInvoker(createHandler()), cancellationToken);
            return socket;
        };
    }

    internal static Task<WebServer> StartAsync(Wire wire, bool raw) => WebServer.StartAsync(
        wire,
        builder => builder.Services.AddSignalR(),
        app =>
        {
            if (!raw)
            {
                app.MapHub<TestHub>("/hub");
            }
        },
        listen =>
        {
            if (raw)
            {
                listen.UseHub<TestHub>();
            }
        });

    private static async Task AssertWorksAsync(HubConnection connection)
    {
        var reconnected = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        connection.Reconnected += _ =>
        {
            reconnected.TrySetResult();
            return Task.CompletedTask;
        };
        await connection.StartAsync().WaitAsync(WebServer.Patience);

        Assert.Equal("HELLO", await connection.InvokeAsync<string>("Shout", "hello").WaitAsync(WebServer.Patience));
        using var timeout = new CancellationTokenSource(WebServer.Patience);
        Assert.Equal(Enumerable.Range(0, 1_000), await connection.StreamAsync<int>("Count", 1_000, timeout.Token).ToListAsync(timeout.Token));

        await connection.SendAsync("DropMe").WaitAsync(WebServer.Patience);
        await reconnected.Task.WaitAsync(WebServer.Patience);

        Assert.Equal("AGAIN", await connection.InvokeAsync<string>("Shout", "again").WaitAsync(WebServer.Patience));
        await connection.StopAsync().WaitAsync(WebServer.Patience);
    }

    [SuppressMessage("Performance", "CA1822", Justification = "SignalR calls members of instances.")]
    private sealed class TestHub : Hub
    {
        public string Shout(string text) => text.ToUpperInvariant();

        public async IAsyncEnumerable<int> Count(int count)
        {
            for (var index = 0; index < count; index++)
            {
                yield return index;
                if (index % 100 == 0)
                {
                    await Task.Yield();
                }
            }
        }

        /// <summary>Breaks the connection. <c>Context.Abort()</c> would tell the client to stay away.</summary>
        public void DropMe()
        {
            if (Context.GetHttpContext() is { } http)
            {
                http.Abort();
            }
            else
            {
                Context.Features.GetRequiredFeature<IConnectionLifetimeFeature>().Abort();
            }
        }
    }
}

using System.Buffers;
using System.Net;
using System.Net.Http;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Utp.Transport.Connections;
using Utp.Transport.Engine;
using Utp.Transport.Tests.Engine;

namespace Utp.Transport.Tests.Hosting;

/// <summary>Generic hosts with <c>AddListener</c> and injected clients, over real sockets.</summary>
public sealed class ListenerEndToEndTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Listener_FromConfiguration_EchoesToANamedClient()
    {
        using var host = await StartAsync(
            """{ "Utp": { "Endpoints": { "echo": { "Url": "utp://127.0.0.1:0" } }, "Clients": { "echo": { "ConnectTimeout": "00:00:05" } } } }""",
            utp => utp.AddListener("echo", connection => connection.UseConnectionHandler<EchoHandler>()).AddClient("echo"));
        var endPoint = host.Services.GetRequiredService<IUtpServerAddresses>().GetEndPoint("echo");
        var connection = await Connect(host.Services.GetRequiredKeyedService<IUtpConnectionFactory>("echo"), endPoint);

        Assert.Equal("hello", await ExchangeAsync(connection, "hello"));
        Assert.Equal(new IPEndPoint(IPAddress.Loopback, endPoint.Port), connection.RemoteEndPoint);
        await connection.DisposeAsync();
        await host.StopAsync().WaitAsync(Patience);
    }

    [Fact]
    public async Task Listener_WhenItsPortIsTaken_FailsTheStart()
    {
        using var first = await StartAsync("{}", Echo("first", "utp://127.0.0.1:0"));
        var taken = first.Services.GetRequiredService<IUtpServerAddresses>().GetEndPoint("first");
        using var second = UtpConfigurationJson.Host("{}", Echo("second", taken.ToUriString()));

        var exception = await Assert.ThrowsAsync<IOException>(() => second.StartAsync().WaitAsync(Patience));

        Assert.StartsWith($"Failed to bind listener 'second' to {taken.ToUriString()}: the UDP port is already in use.", exception.Message,
            StringComparison.Ordinal);
        await first.StopAsync().WaitAsync(Patience);
    }

    [Fact]
    public async Task Listener_OptionsOfItsEndpoint_ReachItsConnections()
    {
        using var host = await StartAsync(
            """{ "Utp": { "Endpoints": { "echo": { "Url": "utp://127.0.0.1:0", "ReceiveBufferSize": 65536 } } } }""",
            utp => utp.AddListener("echo", connection => connection.UseConnectionHandler<EchoHandler>()));
        var connection = await ConnectAsync(host, "echo");

        await ExchangeAsync(connection, "hello");

        Assert.InRange(connection.Features.GetRequiredFeature<IUtpConnectionFeature>().Statistics.PeerReceiveWindowBytes, 1, 65_536);
        await connection.DisposeAsync();
        await host.StopAsync().WaitAsync(Patience);
    }

    [Fact]
    public async Task Stop_AsksHandlersToCloseAndDeliversTheirLastBytes()
    {
        using var host = await StartAsync("{}", utp => utp.AddListener("one", UtpEndPoint.Parse("utp://127.0.0.1:0"), builder => builder.Run(async connection =>
        {
            var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var registration = connection.Features.GetRequiredFeature<IConnectionLifetimeNotificationFeature>()
                .ConnectionClosedRequested.Register(asked.SetResult);
            await connection.Transport.Output.WriteAsync("hello "u8.ToArray());
            await asked.Task;
            await connection.Transport.Output.WriteAsync("goodbye"u8.ToArray());
        })));

        // This is a separate engine, which does not stop with the host.
        await using var services = new ServiceCollection().AddUtp().Services.BuildServiceProvider();
        await using var connection = await Connect(
            services.GetRequiredService<IUtpConnectionFactory>(),
            host.Services.GetRequiredService<IUtpServerAddresses>().GetEndPoint("one"));
        await using var stream = connection.AsUtpStream();
        Assert.Equal("hello ", await ReadAsync(stream, 6));

        var stop = host.StopAsync();
        Assert.Equal("goodbye", await ReadAsync(stream, 7));
        Assert.Equal(0, await stream.ReadAsync(new byte[1]).AsTask().WaitAsync(Patience));
        await stop.WaitAsync(Patience);
    }

    [Fact]
    public async Task Client_BeyondItsMaximum_IsToldSo()
    {
        using var host = await StartAsync("{}", utp => Echo("echo", "utp://127.0.0.1:0")(utp.AddClient("few", options => options.MaxConnections = 1)));
        var endPoint = host.Services.GetRequiredService<IUtpServerAddresses>().GetEndPoint("echo");
        var client = host.Services.GetRequiredService<IUtpConnectionFactoryProvider>().GetFactory("few");
        var first = await Connect(client, endPoint);

        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => Connect(client, endPoint));

        Assert.Contains("'few'", exception.Message, StringComparison.Ordinal);
        Assert.Contains("1", exception.Message, StringComparison.Ordinal);
        await first.DisposeAsync();
        await using var next = await Connect(client, endPoint);
        await next.DisposeAsync();
        await host.StopAsync().WaitAsync(Patience);
    }

    [Fact]
    public async Task Client_WithTheListenersEndpoint_ConnectsFromItsPort()
    {
        using var server = await StartAsync("{}", utp => utp.AddListener("who", UtpEndPoint.Parse("utp://127.0.0.1:0"), builder => builder.Run(
            async connection => await connection.Transport.Output.WriteAsync(BitConverter.GetBytes(((IPEndPoint)connection.RemoteEndPoint!).Port)))));
        using var peer = await StartAsync("{}", Echo("listening", "utp://127.0.0.1:0"));
        var listening = peer.Services.GetRequiredService<IUtpServerAddresses>().GetEndPoint("listening");
        await using var services = new ServiceCollection().AddUtp().Services.BuildServiceProvider();
        var options = new UtpClientOptions { LocalEndPoint = listening.IPEndPoint };
        var engine = peer.Services.GetRequiredService<Utp.Transport.Engine.UtpEngine>();
        await using var connection = await Connect(
            new UtpConnectionFactory(engine, options), server.Services.GetRequiredService<IUtpServerAddresses>().GetEndPoint("who"));
        await using var stream = connection.AsUtpStream();

        var port = new byte[4];
        await stream.ReadExactlyAsync(port).AsTask().WaitAsync(Patience);

        Assert.Equal(listening.Port, BitConverter.ToInt32(port));
        await Task.WhenAll(peer.StopAsync(), server.StopAsync()).WaitAsync(Patience);
    }

    [Fact]
    public async Task ListenerFactory_Injected_AcceptsConnections()
    {
        await using var services = new ServiceCollection().AddUtp().Services.BuildServiceProvider();
        await using var listener = await services.GetRequiredService<IUtpConnectionListenerFactory>()
            .BindAsync(UtpEndPoint.Parse("utp://127.0.0.1:0"), new UtpListenerOptions(), CancellationToken.None).AsTask().WaitAsync(Patience);
        var accepting = listener.AcceptAsync().AsTask();

        await using var client = await Connect(services.GetRequiredService<IUtpConnectionFactory>(), listener.EndPoint);
        await client.Transport.Output.WriteAsync("x"u8.ToArray());

        await using var accepted = await accepting.WaitAsync(Patience);
        Assert.NotNull(accepted);
        Assert.Equal(accepted!.RemoteEndPoint!.ToString(), client.LocalEndPoint!.ToString());
    }

    [Fact]
    public async Task ServiceProvider_DisposedSynchronously_ClosesTheEngine()
    {
        var services = new ServiceCollection().AddUtp().Services.BuildServiceProvider();
        var listener = await services.GetRequiredService<IUtpConnectionListenerFactory>().BindAsync(UtpEndPoint.Parse("utp://127.0.0.1:0")).AsTask()
            .WaitAsync(Patience);
        var endPoint = (UtpEndPoint)listener.EndPoint;

#pragma warning disable CA1849 // What is tested.
        services.Dispose();
#pragma warning restore CA1849

        using var free = new System.Net.Sockets.UdpClient(new IPEndPoint(IPAddress.Loopback, endPoint.Port));
    }

    private static Action<IUtpBuilder> Echo(string name, string url) =>
        utp => utp.AddListener(name, UtpEndPoint.Parse(url), connection => connection.UseConnectionHandler<EchoHandler>());

    private static async Task<IHost> StartAsync(string json, Action<IUtpBuilder> configure)
    {
        var host = UtpConfigurationJson.Host(json, configure);
        await host.StartAsync().WaitAsync(Patience);
        return host;
    }

    private static Task<ConnectionContext> ConnectAsync(IHost host, string listener) =>
        Connect(host.Services.GetRequiredService<IUtpConnectionFactory>(), host.Services.GetRequiredService<IUtpServerAddresses>().GetEndPoint(listener));

    private static Task<ConnectionContext> Connect(IUtpConnectionFactory client, EndPoint endPoint) =>
        client.ConnectAsync(endPoint).AsTask().WaitAsync(Patience);

    private static async Task<string> ExchangeAsync(ConnectionContext connection, string text)
    {
        await connection.Transport.Output.WriteAsync(System.Text.Encoding.UTF8.GetBytes(text)).AsTask().WaitAsync(Patience);
        var received = await connection.Transport.Input.ReadAtLeastAsync(text.Length).AsTask().WaitAsync(Patience);
        var answer = System.Text.Encoding.UTF8.GetString(received.Buffer.ToArray());
        connection.Transport.Input.AdvanceTo(received.Buffer.End);
        return answer;
    }

    private static async Task<string> ReadAsync(Stream stream, int count)
    {
        var buffer = new byte[count];
        await stream.ReadExactlyAsync(buffer).AsTask().WaitAsync(Patience);
        return System.Text.Encoding.UTF8.GetString(buffer);
    }

    private sealed class EchoHandler : ConnectionHandler
    {
        public override async Task OnConnectedAsync(ConnectionContext connection)
        {
            while (true)
            {
                var received = await connection.Transport.Input.ReadAsync();
                foreach (var segment in received.Buffer)
                {
                    await connection.Transport.Output.WriteAsync(segment);
                }

                connection.Transport.Input.AdvanceTo(received.Buffer.End);
                if (received.IsCompleted)
                {
                    return;
                }
            }
        }
    }
}

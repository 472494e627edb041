using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Utp.Transport.Tests.AspNetCore;

/// <summary>Kestrel listens for uTP on endpoints from code and configuration, beside TCP, in whatever order they are set.</summary>
public sealed class KestrelEndpointTests
{
    private const string OneEndpoint = """{ "Utp": { "Endpoints": { "web": { "Url": "utp://127.0.0.1:0" } } }, "Urls": "http://127.0.0.1:0" }""";

    [Fact]
    public async Task Endpoint_FromConfiguration_ReportsItsRealPort()
    {
        await using var app = await StartAsync(OneEndpoint);

        var endPoint = app.App.Services.GetRequiredService<IUtpServerAddresses>().GetEndPoint("web");

        Assert.NotEqual(0, endPoint.Port);
        Assert.Equal("HTTP/1.1", await GetAsync(app, endPoint));
        Assert.Contains(app.Logs.GetSnapshot(),
            record => record.Level == LogLevel.Information && record.Message == $"Now listening on: {endPoint.ToUriString()}");
        Assert.Contains($"http://{endPoint}", app.Urls);
    }

    [Fact]
    public async Task Endpoint_WithProtocolsAndOptions_UsesThem()
    {
        await using var app = await StartAsync("""
            { "Urls": "http://127.0.0.1:0",
              "Utp": { "Endpoints": { "grpc": { "Url": "utp://127.0.0.1:0", "Protocols": "Http2", "ReceiveBufferSize": 65536 } } } }
            """);
        using var client = app.CreateClient(version: HttpVersion.Version20);

        Assert.Equal("HTTP/2", await client.GetStringAsync(new Uri("protocol", UriKind.Relative)).WaitAsync(UtpWebApp.Patience));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task TcpAndUtp_InEitherOrder_ServeSideBySide(bool utpFirst)
    {
        await using var app = await StartAsync("{}", builder =>
        {
            Action tcp = () => builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
            Action utp = () => builder.WebHost.UseUtp().ConfigureKestrel(kestrel => kestrel.ListenUtp(IPAddress.Loopback, 0));
            foreach (var register in utpFirst ? [utp, tcp] : new[] { tcp, utp })
            {
                register();
            }
        });

        Assert.Equal("HTTP/1.1", await GetAsync(app, app.EndPoints[0]));
        Assert.Equal("HTTP/1.1", await GetOverTcpAsync(Assert.Single(TcpUrls(app))));
    }

    [Fact]
    public async Task UseUtp_BeforeKestrelItself_LeavesTcpAlone()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseUtp().UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.ListenUtp(IPAddress.Loopback, 0);
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        builder.Services.AddRoutingCore();
        await using var app = builder.Build();
        app.Run(context => context.Response.WriteAsync(context.Request.Protocol));
        await app.StartAsync().WaitAsync(UtpWebApp.Patience);

        var utp = Assert.Single(app.Services.GetRequiredService<IUtpServerAddresses>().EndPoints);
        var tcp = Assert.Single(app.Urls, url => new Uri(url).Port != utp.Port);
        Assert.Equal("HTTP/1.1", await GetOverTcpAsync(new Uri(tcp)));
    }

    [Fact]
    public async Task UseUtp_Twice_BindsOnce()
    {
        await using var app = await StartAsync(OneEndpoint, builder => builder.WebHost.UseUtp().UseUtp(options => options.AcceptBacklog = 64));

        Assert.Single(app.EndPoints);
        Assert.Equal("HTTP/1.1", await GetAsync(app, app.EndPoints[0]));
    }

    [Fact]
    public async Task ConfiguredEndpoint_DoesNotSilenceUrls()
    {
        await using var app = await StartAsync(OneEndpoint);

        Assert.Equal("HTTP/1.1", await GetOverTcpAsync(Assert.Single(TcpUrls(app))));
        Assert.DoesNotContain(app.Logs.GetSnapshot(),
            record => record.Level >= LogLevel.Warning && record.Message.Contains("Overriding", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ConfiguredEndpoint_DoesNotSilenceTheCommandLine()
    {
        await using var app =
            UtpWebApp.Build("""{ "Utp": { "Endpoints": { "web": { "Url": "utp://127.0.0.1:0" } } } }""", null, "--urls", "http://127.0.0.1:0;http://[::1]:0");
        Map(app);
        await app.StartAsync();

        Assert.Equal(2, TcpUrls(app).Count());
    }

    [Fact]
    public async Task ConfiguredEndpoint_DoesNotSilenceUrlsOfTheApplication()
    {
        await using var app = UtpWebApp.Build("""{ "Utp": { "Endpoints": { "web": { "Url": "utp://127.0.0.1:0" } } } }""");
        Map(app);
        app.App.Urls.Add("http://127.0.0.1:0");
        await app.StartAsync();

        Assert.Equal("HTTP/1.1", await GetOverTcpAsync(Assert.Single(TcpUrls(app))));
    }

    [Fact]
    public async Task ConfiguredEndpoint_BesideEndpointsInCode_LeavesKestrelsRule()
    {
        await using var app =
            await StartAsync(OneEndpoint, builder => builder.WebHost.UseUtp().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0)));

        Assert.Single(TcpUrls(app));
        Assert.Contains(app.Logs.GetSnapshot(),
            record => record.Level == LogLevel.Warning && record.Message.Contains("Overriding address", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ConfiguredEndpoint_BesideConfiguredTcpEndpoints_ServesBoth()
    {
        await using var app = await StartAsync("""
            { "Kestrel": { "Endpoints": { "tcp": { "Url": "http://127.0.0.1:0" } } }, "Utp": { "Endpoints": { "web": { "Url": "utp://127.0.0.1:0" } } } }
            """);

        Assert.Equal("HTTP/1.1", await GetAsync(app, app.EndPoints[0]));
        Assert.Equal("HTTP/1.1", await GetOverTcpAsync(Assert.Single(TcpUrls(app))));
    }

    [Fact]
    public async Task EndpointOfAddListener_IsNotServedByKestrel()
    {
        await using var app = await StartAsync(
            """{ "Urls": "http://127.0.0.1:0", "Utp": { "Endpoints": { "web": { "Url": "utp://127.0.0.1:0" }, "raw": { "Url": "utp://127.0.0.1:0" } } } }""",
            builder =>
            {
                builder.WebHost.UseUtp();
                builder.Services.AddUtp().AddListener("RAW", connection => connection.Run(
                    async context => await context.Transport.Output.WriteAsync("raw"u8.ToArray())));
            });
        var addresses = app.App.Services.GetRequiredService<IUtpServerAddresses>();

        Assert.Equal(2, app.EndPoints.Count);
        Assert.Equal("HTTP/1.1", await GetAsync(app, addresses.GetEndPoint("web")));
        await using var connection = await app.Client.ConnectAsync(addresses.GetEndPoint("raw")).AsTask().WaitAsync(UtpWebApp.Patience);
        var received = await connection.Transport.Input.ReadAtLeastAsync(3).AsTask().WaitAsync(UtpWebApp.Patience);
        Assert.True(received.Buffer.FirstSpan.SequenceEqual("raw"u8));
    }

    [Fact]
    public async Task EndpointDefaults_OfKestrel_ApplyToUtp()
    {
        await using var app = await StartAsync("""
            { "Kestrel": { "EndpointDefaults": { "Protocols": "Http2" } }, "Urls": "http://127.0.0.1:0",
              "Utp": { "Endpoints": { "web": { "Url": "utp://127.0.0.1:0" } } } }
            """);
        using var client = app.CreateClient(version: HttpVersion.Version20);

        Assert.Equal("HTTP/2", await client.GetStringAsync(new Uri("protocol", UriKind.Relative)).WaitAsync(UtpWebApp.Patience));
    }

    [Fact]
    public async Task EndpointDefaults_WithHttp3_AreTakenWithoutIt()
    {
        await using var app = await StartAsync("""
            { "Kestrel": { "EndpointDefaults": { "Protocols": "Http1AndHttp2AndHttp3" } }, "Urls": "http://127.0.0.1:0",
              "Utp": { "Endpoints": { "web": { "Url": "utp://127.0.0.1:0" } } } }
            """);

        Assert.Equal("HTTP/1.1", await GetAsync(app, app.EndPoints[0]));
    }

    [Fact]
    public async Task ListenUtp_DoesNotAdvertiseHttp3OnItsPort()
    {
        bool? disabled = null;
        await using var app = await StartAsync("{}", builder => builder.WebHost.UseUtp().ConfigureKestrel(
            kestrel => kestrel.ListenUtp(IPAddress.Loopback, 0, listen => disabled = listen.DisableAltSvcHeader)));

        Assert.True(disabled);
    }

    [Fact]
    public async Task ConfigureUtp_OnAnEndpoint_ReachesItsConnections()
    {
        await using var app =
            await StartAsync("{}", builder => builder.WebHost.UseUtp(options => options.ReceiveBufferSize = 2_000_000).ConfigureKestrel(kestrel =>
        {
            kestrel.ListenUtp(IPAddress.Loopback, 0, listen => listen.ConfigureUtp(utp => utp.ReceiveBufferSize = 65_536));
            kestrel.ListenUtp(IPAddress.Loopback, 0);
        }));
        await using var small = await ConnectAsync(app, app.EndPoints[0]);
        await using var large = await ConnectAsync(app, app.EndPoints[1]);

        Assert.InRange(PeerWindow(small), 1, 65_536);
        Assert.InRange(PeerWindow(large), 1_000_000, 2_000_000);
    }

    [Fact]
    public async Task ConfiguredOptions_OfAnEndpoint_ReachItsConnections()
    {
        await using var app = await StartAsync("""
            { "Urls": "http://127.0.0.1:0", "Utp": { "Endpoints": { "web": { "Url": "utp://127.0.0.1:0", "ReceiveBufferSize": 65536 } } } }
            """);
        await using var connection = await ConnectAsync(app, app.EndPoints[0]);

        Assert.InRange(PeerWindow(connection), 1, 65_536);
    }

    [Fact]
    public async Task ListenLocalhostUtp_ServesTheLoopbackAddresses()
    {
        var port = UnusedPort();
        await using var app = await StartAsync("{}", builder => builder.WebHost.UseUtp().ConfigureKestrel(kestrel => kestrel.ListenLocalhostUtp(port)));

        Assert.All(app.EndPoints, endPoint => Assert.True(IPAddress.IsLoopback(endPoint.IPEndPoint!.Address) && endPoint.Port == port));
        foreach (var endPoint in app.EndPoints)
        {
            Assert.Equal("HTTP/1.1", await GetAsync(app, endPoint));
        }

        Assert.Equal("HTTP/1.1", await GetAsync(app, new UtpEndPoint("localhost", port)));
    }

    [Fact]
    public async Task LocalhostUrl_InConfiguration_ServesTheLoopbackAddresses()
    {
        await using var app = await StartAsync($$"""
            { "Urls": "http://127.0.0.1:0", "Utp": { "Endpoints": { "web": { "Url": "utp://localhost:{{UnusedPort()}}" } } } }
            """);

        Assert.Contains(app.EndPoints, endPoint => endPoint.IPEndPoint!.Address.Equals(IPAddress.Loopback));
    }

    [Fact]
    public async Task ListenAnyIPUtp_ServesIPv4AndIPv6()
    {
        await using var app = await StartAsync("{}", builder => builder.WebHost.UseUtp().ConfigureKestrel(kestrel => kestrel.ListenAnyIPUtp(0)));
        var port = app.EndPoints[0].Port;

        Assert.Equal("HTTP/1.1", await GetAsync(app, new UtpEndPoint(IPAddress.Loopback, port)));
        if (Socket.OSSupportsIPv6)
        {
            Assert.Equal("HTTP/1.1", await GetAsync(app, new UtpEndPoint(IPAddress.IPv6Loopback, port)));
        }
    }

    private static int UnusedPort()
    {
        using var socket = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.Client.LocalEndPoint!).Port;
    }

    private static async Task<UtpWebApp> StartAsync(string json, Action<WebApplicationBuilder>? configure = null)
    {
        var app = UtpWebApp.Build(json, configure);
        Map(app);
        return await app.StartAsync();
    }

    private static void Map(UtpWebApp app) => app.App.MapGet("/protocol", (HttpContext context) => context.Request.Protocol);

    private static async Task<string> GetAsync(UtpWebApp app, UtpEndPoint endPoint)
    {
        using var client = app.CreateClient(endPoint: endPoint);
        return await client.GetStringAsync(new Uri("protocol", UriKind.Relative)).WaitAsync(UtpWebApp.Patience);
    }

    private static async Task<string> GetOverTcpAsync(Uri url)
    {
        using var client = new HttpClient();
        return await client.GetStringAsync(new Uri(url, "protocol")).WaitAsync(UtpWebApp.Patience);
    }

    private static IEnumerable<Uri> TcpUrls(UtpWebApp app) =>
        app.Urls.Where(url => !app.EndPoints.Any(endPoint => url == $"http://{endPoint}")).Select(url => new Uri(url));

    private static async Task<ConnectionLease> ConnectAsync(UtpWebApp app, UtpEndPoint endPoint)
    {
        var connection = await app.Client.ConnectAsync(endPoint).AsTask().WaitAsync(UtpWebApp.Patience);
        var lease = new ConnectionLease(connection);

        // Reading the answer makes sure that the server has announced its window.
        await connection.Transport.Output.WriteAsync("GET /protocol HTTP/1.1\r\nHost: test\r\n\r\n"u8.ToArray()).AsTask().WaitAsync(UtpWebApp.Patience);
        var answer = await connection.Transport.Input.ReadAsync().AsTask().WaitAsync(UtpWebApp.Patience);
        connection.Transport.Input.AdvanceTo(answer.Buffer.End);
        return lease;
    }

    private static long PeerWindow(ConnectionLease lease) =>
        lease.Connection.Features.GetRequiredFeature<IUtpConnectionFeature>().Statistics.PeerReceiveWindowBytes;

    private sealed record ConnectionLease(Microsoft.AspNetCore.Connections.ConnectionContext Connection) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => Connection.DisposeAsync();
    }
}

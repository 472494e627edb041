using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace Utp.Consumers.Tests.Yarp;

/// <summary>YARP, unmodified: uTP in front of TCP, TCP in front of uTP, and TCP on both sides as the baseline.</summary>
public sealed class YarpTests
{
    [Theory]
    [InlineData(Wire.Utp, Wire.Tcp, 1)]
    [InlineData(Wire.Tcp, Wire.Utp, 1)]
    [InlineData(Wire.Tcp, Wire.Utp, 2)]
    [InlineData(Wire.Utp, Wire.Utp, 1)]
    [InlineData(Wire.Tcp, Wire.Tcp, 1)]
    public async Task Proxy_BetweenTheWires_ForwardsBothWays(Wire front, Wire back, int httpVersion)
    {
        await using var backend = await StartBackendAsync(back, httpVersion);
        await using var proxy = await StartProxyAsync(front, back, backend, httpVersion);
        using var client = proxy.CreateClient();
        var sent = new byte[5_000_000];
        new Random(2).NextBytes(sent);

        using var content = new ByteArrayContent(sent);
        using var answer = await client.PostAsync(new Uri("echo", UriKind.Relative), content);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal($"HTTP/{(httpVersion == 1 ? "1.1" : "2")}", answer.Headers.GetValues("x-protocol").Single());
        Assert.Equal(sent, await answer.Content.ReadAsByteArrayAsync());
    }

    internal static Task<WebServer> StartBackendAsync(Wire wire, int httpVersion) => WebServer.StartAsync(
        wire,
        _ => { },
        app => app.MapPost("/echo", async (HttpContext context) =>
        {
            // HttpClient sends the whole body of an HTTP/1.1 request before it reads, so a backend must not wait for its reader meanwhile.
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            context.Response.Headers["x-protocol"] = context.Request.Protocol;
            await context.Response.Body.WriteAsync(body.GetBuffer().AsMemory(0, (int)body.Length));
        }),
        listen => listen.Protocols = httpVersion == 1 ? HttpProtocols.Http1 : HttpProtocols.Http2);

    internal static Task<WebServer> StartProxyAsync(Wire front, Wire back, WebServer backend, int httpVersion) => WebServer.StartAsync(
        front,
        builder =>
        {
            var version = httpVersion == 1 ? HttpVersion.Version11 : HttpVersion.Version20;
            var reverseProxy = builder.Services.AddReverseProxy().LoadFromMemory(Routes, Clusters(backend.Address, version));
            if (back == Wire.Utp)
            {
                Forward(reverseProxy, backend.Utp);
            }
        },
        app => app.MapReverseProxy());

    private static RouteConfig[] Routes => [new RouteConfig { RouteId = "all", ClusterId = "backend", Match = new RouteMatch { Path = "{**rest}" } }];

    private static void Forward(IReverseProxyBuilder reverseProxy, IUtpConnectionFactory factory) =>
        reverseProxy.ConfigureHttpClient((context, handler) => handler.OverUtp(factory));

    private static ClusterConfig[] Clusters(Uri address, Version version) =>
    [
        new ClusterConfig
        {
            ClusterId = "backend",
            Destinations = new Dictionary<string, DestinationConfig> { ["one"] = new() { Address = address.AbsoluteUri } },
            HttpRequest = new ForwarderRequestConfig { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact },
        },
    ];
}

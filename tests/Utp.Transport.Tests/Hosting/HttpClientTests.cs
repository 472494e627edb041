using System.Net;
using System.Net.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Utp.Transport.Tests.AspNetCore;

namespace Utp.Transport.Tests.Hosting;

/// <summary>The ways to get an <see cref="HttpClient"/> over uTP.</summary>
public sealed class HttpClientTests
{
    [Fact]
    public async Task AddHttpClient_OnTheBuilder_SpeaksHttpOverUtp()
    {
        await using var app = await StartAsync();
        await using var services = new ServiceCollection().AddUtp()
            .AddHttpClient("files", client => client.BaseAddress = BaseAddress(app)).Services.BuildServiceProvider();

        Assert.Equal("HTTP/1.1", await GetAsync(services.GetRequiredService<IHttpClientFactory>().CreateClient("files")));
    }

    [Fact]
    public async Task OverUtp_OnATypedClient_WorksWithoutAddUtp()
    {
        await using var app = await StartAsync();
        var collection = new ServiceCollection();
        collection.AddHttpClient<TypedClient>(client => client.BaseAddress = BaseAddress(app)).OverUtp();
        await using var services = collection.BuildServiceProvider();

        Assert.Equal("HTTP/1.1", await GetAsync(services.GetRequiredService<TypedClient>().Http));
    }

    [Fact]
    public async Task OverUtp_WithPriorKnowledge_SpeaksHttp2()
    {
        await using var app = await UtpWebApp.StartAsync(Map, HttpVariant.Http2PriorKnowledge.Listening());
        await using var services = new ServiceCollection().AddUtp().AddHttpClient("files", client =>
        {
            client.BaseAddress = BaseAddress(app);
            client.DefaultRequestVersion = HttpVersion.Version20;
            client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        }).Services.BuildServiceProvider();

        Assert.Equal("HTTP/2", await GetAsync(services.GetRequiredService<IHttpClientFactory>().CreateClient("files")));
    }

    [Fact]
    public async Task OverUtp_WithTheNameOfAUtpClient_UsesItsOptions()
    {
        await using var app = await StartAsync();
        await using var services = new ServiceCollection().AddUtp()
            .AddClient("files", options => options.MaxConnections = 1)
            .AddHttpClient("files", client => client.BaseAddress = BaseAddress(app)).Services.BuildServiceProvider();
        var http = services.GetRequiredService<IHttpClientFactory>().CreateClient("files");
        await GetAsync(http);
        await using var ofClient = await services.GetRequiredService<IUtpConnectionFactoryProvider>().GetFactory(string.Empty).ConnectAsync(app.EndPoints[0]);

        // The pooled connection of the HTTP client is the only one that the uTP client may have.
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            services.GetRequiredService<IUtpConnectionFactoryProvider>().GetFactory("files").ConnectAsync(app.EndPoints[0]).AsTask()
                .WaitAsync(UtpWebApp.Patience));
    }

    [Fact]
    public async Task OverUtp_WithAnUnknownClient_FailsTheRequestWithItsName()
    {
        await using var services = new ServiceCollection().AddHttpClient("files").OverUtp("nobody").Services.BuildServiceProvider();

        var exception = Assert.Throws<InvalidOperationException>(() => services.GetRequiredService<IHttpClientFactory>().CreateClient("files"));

        Assert.Contains("'nobody'", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OverUtp_ToAHostName_ResolvesIt()
    {
        await using var app = await StartAsync();
        await using var services = new ServiceCollection().AddUtp()
            .AddHttpClient("files", client => client.BaseAddress = new Uri($"http://localhost:{app.EndPoints[0].Port}/")).Services.BuildServiceProvider();

        Assert.Equal("HTTP/1.1", await GetAsync(services.GetRequiredService<IHttpClientFactory>().CreateClient("files")));
    }

    private static Uri BaseAddress(UtpWebApp app) => new($"http://{app.EndPoints[0]}/");

    private static Task<UtpWebApp> StartAsync() => UtpWebApp.StartAsync(Map);

    private static void Map(WebApplication app) => app.MapGet("/", (HttpContext context) => context.Request.Protocol);

    private static Task<string> GetAsync(HttpClient client) => client.GetStringAsync(new Uri(string.Empty, UriKind.Relative)).WaitAsync(UtpWebApp.Patience);

    private sealed class TypedClient(HttpClient http)
    {
        public HttpClient Http => http;
    }
}

using System.Net;
using System.Net.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Utp.Transport.Tests.AspNetCore;

namespace Utp.Transport.Tests.Hosting;

/// <summary><c>OverUtp</c> beside other settings of handlers: it works in every order, or fails where the client is created.</summary>
public sealed class HttpHandlerTests
{
    private static readonly TimeSpan Patience = UtpWebApp.Patience;

    public static TheoryData<string, Func<IHttpClientBuilder, IHttpClientBuilder>> Working => new()
    {
        { "primary handler, then OverUtp", builder => builder.ConfigurePrimaryHttpMessageHandler(Own).OverUtp() },
        { "OverUtp, then primary handler", builder => builder.OverUtp().ConfigurePrimaryHttpMessageHandler(Own) },
        { "sockets handler, then OverUtp", builder => builder.UseSocketsHttpHandler((handler, _) => handler.ResponseDrainTimeout = Mark).OverUtp() },
        { "OverUtp, then sockets handler", builder => builder.OverUtp().UseSocketsHttpHandler((handler, _) => handler.ResponseDrainTimeout = Mark) },
        { "twice", builder => builder.ConfigurePrimaryHttpMessageHandler(Own).OverUtp().OverUtp() },
        { "behind a delegating handler", builder => builder.OverUtp().ConfigurePrimaryHttpMessageHandler(() => new Passing { InnerHandler = Own() }) },
        { "beside an additional handler", builder => builder.AddHttpMessageHandler(() => new Passing()).OverUtp().ConfigurePrimaryHttpMessageHandler(Own) },
    };

    public static TheoryData<string, Func<IHttpClientBuilder, IHttpClientBuilder>> Failing => new()
    {
        { nameof(HttpClientHandler), builder => builder.ConfigurePrimaryHttpMessageHandler(() => new HttpClientHandler()).OverUtp() },
        { nameof(HttpClientHandler), builder => builder.OverUtp().ConfigurePrimaryHttpMessageHandler(() => new HttpClientHandler()) },
        { nameof(Fake), builder => builder.ConfigurePrimaryHttpMessageHandler(() => new Fake()).OverUtp() },
        { nameof(Fake), builder => builder.OverUtp().ConfigurePrimaryHttpMessageHandler(() => new Fake()) },
        { "ConnectCallback", builder => builder.ConfigurePrimaryHttpMessageHandler(Dialing).OverUtp() },
        { "ConnectCallback", builder => builder.OverUtp().ConfigurePrimaryHttpMessageHandler(Dialing) },
        { "ConnectCallback", builder => builder.OverUtp().UseSocketsHttpHandler((handler, _) => handler.ConnectCallback = Dialing().ConnectCallback) },
    };

    private static TimeSpan Mark => TimeSpan.FromSeconds(1.5);

    [Theory]
    [MemberData(nameof(Working))]
    public async Task OverUtp_WithASocketsHandlerInAnyOrder_KeepsItAndDialsUtp(string order, Func<IHttpClientBuilder, IHttpClientBuilder> configure)
    {
        await using var app = await StartAsync();
        await using var services = configure(new ServiceCollection().AddHttpClient("files")).Services.BuildServiceProvider();

        var answer = await services.GetRequiredService<IHttpClientFactory>().CreateClient("files").GetStringAsync(Address(app)).WaitAsync(Patience);

        Assert.Equal("over uTP", answer);
        Assert.NotEmpty(order);
        Assert.Equal(Mark, Primary(services, "files").ResponseDrainTimeout);
    }

    [Theory]
    [MemberData(nameof(Failing))]
    public async Task OverUtp_WithAHandlerThatCannot_FailsWhereTheClientIsMade(string named, Func<IHttpClientBuilder, IHttpClientBuilder> configure)
    {
        await using var services = configure(new ServiceCollection().AddHttpClient("files")).Services.BuildServiceProvider();

        var error = Assert.Throws<InvalidOperationException>(() => services.GetRequiredService<IHttpClientFactory>().CreateClient("files"));

        Assert.Contains("'files'", error.Message, StringComparison.Ordinal);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OverUtp_AsADefaultOfAllClients_HoldsForEach()
    {
        await using var app = await StartAsync();
        var collection = new ServiceCollection();
        collection.ConfigureHttpClientDefaults(builder => builder.OverUtp());
        collection.AddHttpClient("one");
        collection.AddHttpClient<TypedClient>();
        await using var services = collection.BuildServiceProvider();

        Assert.Equal("over uTP", await services.GetRequiredService<IHttpClientFactory>().CreateClient("one").GetStringAsync(Address(app)).WaitAsync(Patience));
        Assert.Equal("over uTP", await services.GetRequiredService<TypedClient>().Http.GetStringAsync(Address(app)).WaitAsync(Patience));
    }

    [Fact]
    public async Task OverUtp_OfOneClient_LeavesOthersAlone()
    {
        var collection = new ServiceCollection();
        collection.AddHttpClient("files").OverUtp();
        collection.AddHttpClient("tcp").ConfigurePrimaryHttpMessageHandler(() => new Fake());
        await using var services = collection.BuildServiceProvider();

        Assert.Equal("fake", await services.GetRequiredService<IHttpClientFactory>().CreateClient("tcp").GetStringAsync(new Uri("http://nowhere/")));
    }

    [Fact]
    public async Task OverUtp_OnAHandlerWithItsOwnCallback_Throws()
    {
        await using var services = new ServiceCollection().AddUtp().Services.BuildServiceProvider();
        using var handler = Dialing();

        Assert.Throws<InvalidOperationException>(() => handler.OverUtp(services.GetRequiredService<IUtpConnectionFactory>()));
    }

    [Theory]
    [InlineData(null, 3)]
    [InlineData(10, 10)]
    public async Task OverUtp_ClientWithAMaximum_BoundsTheHandler(int? idleSeconds, int expectedSeconds)
    {
        await using var services = new ServiceCollection().AddUtp().AddClient("files", options => options.MaxConnections = 4).Services.BuildServiceProvider();
        using var handler = new SocketsHttpHandler();
        if (idleSeconds is { } seconds)
        {
            handler.PooledConnectionIdleTimeout = TimeSpan.FromSeconds(seconds);
        }

        handler.OverUtp(services.GetRequiredService<IUtpConnectionFactoryProvider>().GetFactory("files"));

        Assert.Equal(4, handler.MaxConnectionsPerServer);
        Assert.Equal(TimeSpan.FromSeconds(expectedSeconds), handler.PooledConnectionIdleTimeout);
    }

    private static SocketsHttpHandler Own() => new() { ResponseDrainTimeout = Mark };

    private static SocketsHttpHandler Dialing() => new() { ConnectCallback = (_, _) => throw new InvalidOperationException("not to be called") };

    private static SocketsHttpHandler Primary(IServiceProvider services, string name)
    {
        var handler = services.GetRequiredService<IHttpMessageHandlerFactory>().CreateHandler(name);
        while (handler is DelegatingHandler { InnerHandler: { } inner })
        {
            handler = inner;
        }

        return Assert.IsType<SocketsHttpHandler>(handler);
    }

    private static Uri Address(UtpWebApp app) => new($"http://{app.EndPoints[0]}/");

    private static Task<UtpWebApp> StartAsync() => UtpWebApp.StartAsync(app => app.MapGet(
        "/", (HttpContext context) => context.Features.Get<IUtpConnectionFeature>() is null ? "over something else" : "over uTP"));

    private sealed class TypedClient(HttpClient http)
    {
        public HttpClient Http => http;
    }

    private sealed class Passing : DelegatingHandler;

    private sealed class Fake : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("fake") });
    }
}

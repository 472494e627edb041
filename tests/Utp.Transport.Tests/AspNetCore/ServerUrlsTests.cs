using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Utp.Transport.AspNetCore;

namespace Utp.Transport.Tests.AspNetCore;

/// <summary>The addresses that Kestrel would bind beside configured uTP endpoints, without binding them.</summary>
public sealed class ServerUrlsTests
{
    private const string OneEndpoint = """{ "Utp": { "Endpoints": { "web": { "Url": "utp://127.0.0.1:0" } } } }""";

    [Fact]
    public async Task NoUrls_KeepsKestrelsDefault() => Assert.Equal(["http://localhost:5000"], await EndpointsAsync(OneEndpoint, []));

    [Fact]
    public async Task NoConfiguredEndpoint_ChangesNothing() => Assert.Empty(await EndpointsAsync("{}", []));

    [Theory]
    [InlineData("http://127.0.0.1:8080", "http://127.0.0.1:8080")]
    [InlineData("http://[::1]:8080", "http://[::1]:8080")]
    [InlineData("http://localhost:8080", "http://localhost:8080")]
    [InlineData("http://*:8080", "http://[::]:8080")]
    [InlineData("http://+:8080/", "http://[::]:8080")]
    [InlineData("http://example.org", "http://[::]:80")]
    [InlineData("http://unix:/tmp/utp.sock", "http://unix:/tmp/utp.sock")]
    [InlineData("utp://127.0.0.1:8080", "http://127.0.0.1:8080")]
    public async Task Url_OfEachKind_IsKept(string url, string expected)
    {
        var endpoints = await EndpointsAsync(OneEndpoint, [url]);

        Assert.Equal(expected, Assert.Single(endpoints));
    }

    [Fact]
    public async Task UtpUrl_WithoutConfiguredEndpoints_KeepsTheOtherUrls() => Assert.Equal(
        ["http://127.0.0.1:8080", "http://127.0.0.1:8081"], await EndpointsAsync("{}", ["utp://127.0.0.1:8080", "http://127.0.0.1:8081"]));

    [Theory]
    [InlineData("utp://127.0.0.1")]
    [InlineData("http://127.0.0.1:8080/base")]
    public async Task Url_ThatKestrelCannotBind_FailsWithItsText(string url)
    {
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => EndpointsAsync(OneEndpoint, [url]));

        Assert.Contains(url, exception.Message, StringComparison.Ordinal);
    }

    /// <summary>Checks that Kestrel's internals still expose its endpoints; otherwise uTP endpoints would replace URLs and not follow changes.</summary>
    [Fact]
    public async Task KestrelInternals_AreReadable()
    {
        await using var app = UtpWebApp.Build("{}");
        var options = app.App.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value;

        Assert.True(KestrelInternals.TryGetEndpointsInCode(options, out _));
        Assert.IsType<KestrelConfiguration>(options.ConfigurationLoader!.Configuration);
    }

    private static async Task<string[]> EndpointsAsync(string json, string[] urls)
    {
        await using var app = UtpWebApp.Build(json);
        var services = app.App.Services;
        var features = services.GetRequiredService<IServer>().Features;
        foreach (var url in urls)
        {
            features.Get<IServerAddressesFeature>()!.Addresses.Add(url);
        }

        var filter = services.GetServices<IStartupFilter>().OfType<ServerUrlsFilter>().Single();
        filter.Configure(_ => { })(new ApplicationBuilder(services, features));

        Assert.True(KestrelInternals.TryGetEndpointsInCode(services.GetRequiredService<IOptions<KestrelServerOptions>>().Value, out var endpoints));
        return [.. endpoints.Select(endpoint => endpoint.ToString()!)];
    }
}

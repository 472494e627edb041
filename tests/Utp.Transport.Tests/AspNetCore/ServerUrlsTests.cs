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
    public async Task NoUrls_KeepsKestrelsDefault() => Assert.Equal(["http://127.0.0.1:0", "http://localhost:5000"], await EndpointsAsync(OneEndpoint, []));

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
    public async Task Url_OfEachKind_IsKept(string url, string expected)
    {
        var endpoints = await EndpointsAsync(OneEndpoint, [url]);

        Assert.Equal(expected, endpoints[1]);
    }

    [Theory]
    [InlineData("utp://127.0.0.1:8080")]
    [InlineData("http://127.0.0.1:8080/base")]
    public async Task Url_ThatKestrelCannotBind_FailsWithItsText(string url)
    {
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => EndpointsAsync(OneEndpoint, [url]));

        Assert.Contains(url, exception.Message, StringComparison.Ordinal);
    }

    /// <summary>Checks that Kestrel's internals still expose its endpoints; otherwise uTP endpoints would replace URLs.</summary>
    [Fact]
    public void KestrelInternals_AreReadable() => Assert.True(KestrelInternals.TryGetEndpointsInCode(new KestrelServerOptions(), out _));

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

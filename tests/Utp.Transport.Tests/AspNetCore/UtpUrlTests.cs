using System.Net.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Utp.Transport.Tests.AspNetCore;

/// <summary>uTP addresses where people write them for TCP, and programs that forgot them.</summary>
public sealed class UtpUrlTests
{
    [Theory]
    [InlineData("--urls", "utp://127.0.0.1:0;http://127.0.0.1:0")]
    [InlineData("--Urls=utp://127.0.0.1:0;http://127.0.0.1:0")]
    public async Task Urls_OfBothKinds_AreServed(params string[] arguments)
    {
        await using var app = UtpWebApp.Build("{}", null, arguments);
        app.App.MapGet("/", () => "hello");
        await app.StartAsync();
        using var overUtp = app.CreateClient();
        using var overTcp = new HttpClient { BaseAddress = new Uri(app.Urls.Single(url => url != $"http://{app.EndPoints[0]}")) };

        Assert.Equal("hello", await overUtp.GetStringAsync(new Uri(string.Empty, UriKind.Relative)).WaitAsync(UtpWebApp.Patience));
        Assert.Equal("hello", await overTcp.GetStringAsync(new Uri(string.Empty, UriKind.Relative)).WaitAsync(UtpWebApp.Patience));
        Assert.Empty(Warnings(app));
    }

    [Fact]
    public async Task Urls_WithPreferHostingUrls_RefuseUtp()
    {
        await using var app = UtpWebApp.Build("{}", null, "--urls=utp://127.0.0.1:5005", "--preferHostingUrls=true");

        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => app.App.StartAsync().WaitAsync(UtpWebApp.Patience));

        Assert.StartsWith("'utp://127.0.0.1:5005' is among the server's URLs, and PreferHostingUrls lets Kestrel bind these", exception.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void KestrelEndpoints_WithUtp_AreRefusedWithTheirPlace()
    {
        var exception = Assert.Throws<OptionsValidationException>(
            () => UtpWebApp.Build("""{ "Kestrel": { "Endpoints": { "web": { "Url": "utp://127.0.0.1:5005" } } } }"""));

        Assert.Equal(
            ["Kestrel:Endpoints:web:Url is 'utp://127.0.0.1:5005', which Kestrel cannot bind. Move the endpoint to Utp:Endpoints:web, where its other "
                + "keys mean the same."],
            exception.Failures);
    }

    [Fact]
    public async Task Start_WithoutAnyUtpEndpoint_WarnsAndSaysWhatToAdd()
    {
        await using var app = UtpWebApp.Build("""{ "Urls": "http://127.0.0.1:0" }""");
        await app.StartAsync();

        Assert.StartsWith("UseUtp() was called, but this program listens on no uTP endpoint. Set Utp:Endpoints:NAME:Url", Assert.Single(Warnings(app)),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WithPreferHostingUrls_WarnsThatEndpointsAreReplaced()
    {
        await using var app = UtpWebApp.Build(
            """{ "Utp": { "Endpoints": { "web": { "Url": "utp://127.0.0.1:0" } } } }""", null, "--urls=http://127.0.0.1:0", "--preferHostingUrls=true");
        await app.StartAsync();

        Assert.StartsWith("The endpoints of Utp:Endpoints are not bound, because PreferHostingUrls", Assert.Single(Warnings(app)), StringComparison.Ordinal);
    }

    private static IEnumerable<string> Warnings(UtpWebApp app) =>
        app.Logs.GetSnapshot().Where(record => record.Level >= LogLevel.Warning && record.Category!.StartsWith("Utp.Transport", StringComparison.Ordinal))
            .Select(record => record.Message);
}

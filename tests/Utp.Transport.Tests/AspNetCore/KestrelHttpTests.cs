using System.Net;
using System.Net.Http;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Utp.Transport.Tests.Datagrams.Linux;

namespace Utp.Transport.Tests.AspNetCore;

/// <summary>HTTP/1.1, HTTP/2 and HTTPS of an unmodified application over uTP.</summary>
public sealed class KestrelHttpTests
{
    private const int UploadBytes = 20_000_000;
    private const int DownloadBytes = 64 * 1024 * 1024;

    [Theory]
    [CombinatorialHttpVariants]
    public async Task Get_OverEachVariant_IsAnsweredInThatVersion(HttpVariant variant)
    {
        await using var app = await UtpWebApp.StartAsync(
            web => web.MapGet("/hello", (HttpContext context) => $"{context.Request.Protocol} {context.Request.Scheme}"),
            variant.Listening());
        using var client = app.CreateClient(variant.IsHttps(), variant.Version());

        var answer = await client.GetStringAsync(new Uri("hello", UriKind.Relative)).WaitAsync(UtpWebApp.Patience);

        Assert.Equal($"{(variant.Version().Major == 1 ? "HTTP/1.1" : "HTTP/2")} {(variant.IsHttps() ? "https" : "http")}", answer);
    }

    [Theory]
    [CombinatorialHttpVariants]
    public async Task Post_TwentyMegabytes_ArrivesUnchanged(HttpVariant variant)
    {
        await using var app = await UtpWebApp.StartAsync(
            web => web.MapPost("/hash", async (HttpRequest request) => Convert.ToHexString(await SHA256.HashDataAsync(request.Body))),
            variant.Listening());
        using var client = app.CreateClient(variant.IsHttps(), variant.Version());
        var body = Bytes(UploadBytes, seed: 1);

        using var content = new ByteArrayContent(body);
        using var response = await client.PostAsync(new Uri("hash", UriKind.Relative), content).WaitAsync(UtpWebApp.Patience);

        response.EnsureSuccessStatusCode();
        Assert.Equal(Convert.ToHexString(SHA256.HashData(body)), await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [CombinatorialHttpVariants]
    public async Task Get_SixtyFourMebibytes_ArrivesUnchanged(HttpVariant variant)
    {
        var body = Bytes(DownloadBytes, seed: 2);
        await using var app = await UtpWebApp.StartAsync(web => web.MapGet("/big", () => Results.Bytes(body)), variant.Listening());
        using var client = app.CreateClient(variant.IsHttps(), variant.Version());

        await using var stream = await client.GetStreamAsync(new Uri("big", UriKind.Relative)).WaitAsync(UtpWebApp.Patience);
        var hash = await SHA256.HashDataAsync(stream).AsTask().WaitAsync(UtpWebApp.Patience);

        Assert.Equal(Convert.ToHexString(SHA256.HashData(body)), Convert.ToHexString(hash));
    }

    [Fact]
    public async Task Requests_FiftyAtOnce_AreAllAnswered()
    {
        await using var app = await UtpWebApp.StartAsync(web => web.MapGet("/square/{n:int}", (int n) => new Answer(n * n)));
        using var client = app.CreateClient();

        var answers = await Task.WhenAll(Enumerable.Range(1, 50).Select(n => client.GetFromJsonAsync<Answer>(new Uri($"square/{n}", UriKind.Relative))))
            .WaitAsync(UtpWebApp.Patience);

        Assert.Equal(Enumerable.Range(1, 50).Select(n => n * n), answers.Select(answer => answer!.Value));
    }

    [Fact]
    public async Task Context_HasAddressesAndTheUtpFeature()
    {
        await using var app = await UtpWebApp.StartAsync(web => web.MapGet("/who", (HttpContext context) => string.Join(
            ' ',
            context.Connection.RemoteIpAddress,
            context.Connection.RemotePort > 0,
            context.Connection.LocalIpAddress,
            context.Connection.LocalPort,
            context.Features.GetRequiredFeature<IUtpConnectionFeature>().Statistics.SegmentsReceived > 0)));
        using var client = app.CreateClient();

        var answer = await client.GetStringAsync(new Uri("who", UriKind.Relative)).WaitAsync(UtpWebApp.Patience);

        Assert.Equal($"127.0.0.1 True 127.0.0.1 {app.EndPoints[0].Port} True", answer);
    }

    [LinuxFact]
    public async Task Context_WildcardListener_HasTheAddressThatTheClientDialled()
    {
        await using var app = UtpWebApp.Build("{}", builder => builder.WebHost.UseUtp().ConfigureKestrel(kestrel => kestrel.ListenUtp(IPAddress.Any, 0)));
        app.App.MapGet("/where", (HttpContext context) => $"{context.Connection.LocalIpAddress}:{context.Connection.LocalPort}");
        await app.StartAsync();
        var dialled = $"127.0.0.2:{app.EndPoints[0].Port}";
        using var client = app.CreateClient();
        client.BaseAddress = new Uri($"http://{dialled}/");

        Assert.Equal(dialled, await client.GetStringAsync(new Uri("where", UriKind.Relative)).WaitAsync(UtpWebApp.Patience));
    }

    [Fact]
    public async Task Get_WhenNobodyAnswers_IsARequestExceptionAfterTheConnectTimeout()
    {
        using var silent = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var services = new ServiceCollection();
        services.AddUtp(options => options.ConnectTimeout = TimeSpan.FromMilliseconds(500)).AddHttpClient(
            "silent", client => client.BaseAddress = new Uri($"http://{silent.Client.LocalEndPoint}/"));
        await using var provider = services.BuildServiceProvider();
        using var client = provider.GetRequiredService<IHttpClientFactory>().CreateClient("silent");

        var exception = await Assert.ThrowsAsync<HttpRequestException>(
            () => client.GetStringAsync(new Uri(string.Empty, UriKind.Relative)).WaitAsync(UtpWebApp.Patience));

        Assert.Equal(SocketError.TimedOut, Assert.IsType<SocketException>(exception.InnerException).SocketErrorCode);
    }

    private static byte[] Bytes(int count, int seed)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private sealed record Answer(int Value);

    private sealed class CombinatorialHttpVariantsAttribute : Xunit.Sdk.DataAttribute
    {
        public override IEnumerable<object[]> GetData(System.Reflection.MethodInfo testMethod) =>
            Enum.GetValues<HttpVariant>().Select(variant => new object[] { variant });
    }
}

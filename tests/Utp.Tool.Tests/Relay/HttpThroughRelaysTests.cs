using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Utp.Tool.Tests.Harness;

namespace Utp.Tool.Tests.Relay;

/// <summary>An ordinary HTTP server and ordinary HTTP clients, with two relays and uTP between them.</summary>
public class HttpThroughRelaysTests
{
    private const int RequestCount = 200;

    [Fact]
    public async Task Http_ParallelSmallRequests_AllSucceed()
    {
        await using var server = await StartServerAsync();
        await using var chain = await RelayChain.CreateAsync(PortOf(server));
        using var client = CreateClient(chain);

        var answers = await Task.WhenAll(Enumerable.Range(0, RequestCount).Select(number => client.GetStringAsync($"/echo/{number}")))
            .WaitAsync(TimeSpan.FromMinutes(3));

        Assert.Equal(Enumerable.Range(0, RequestCount).Select(number => $"this is {number}"), answers);
    }

    [Fact]
    public async Task Http_Download_ArrivesWhole() => await DownloadAsync(64L * 1024 * 1024);

    [LongFact]
    public async Task Http_DownloadOfOneGibibyte_ArrivesWhole() => await DownloadAsync(1024L * 1024 * 1024);

    private static async Task DownloadAsync(long size)
    {
        await using var server = await StartServerAsync();
        await using var chain = await RelayChain.CreateAsync(PortOf(server));
        using var client = CreateClient(chain);
        var expected = RandomBytes.WriteAsync(new MeasuringStream(), size, 5);

        await using var body = await client.GetStreamAsync($"/random/{size}");
        var received = await RandomBytes.ReadAsync(body).WaitAsync(TimeSpan.FromSeconds(120 + (size / 5_000_000.0)));

        Assert.Equal((size, await expected), received);
    }

    private static async Task<WebApplication> StartServerAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        app.MapGet("/echo/{number:int}", (int number) => $"this is {number}");
        app.MapGet("/random/{size:long}", async (HttpContext context, long size) =>
        {
            context.Response.ContentLength = size;
            await RandomBytes.WriteAsync(new MeasuringStream(context.Response.Body), size, 5);
        });
        await app.StartAsync();
        return app;
    }

    private static int PortOf(WebApplication server) => new Uri(server.Urls.First()).Port;

    private static HttpClient CreateClient(RelayChain chain) => new(new SocketsHttpHandler { MaxConnectionsPerServer = RequestCount })
    {
        BaseAddress = new Uri($"http://127.0.0.1:{chain.Port}"),
        Timeout = TimeSpan.FromMinutes(10),
    };

    /// <summary>Passes writes on, if to anybody, and lets the target live when it is disposed.</summary>
    private sealed class MeasuringStream(Stream? target = null) : WriteOnlyStream
    {
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            target?.WriteAsync(buffer, cancellationToken) ?? ValueTask.CompletedTask;
    }
}

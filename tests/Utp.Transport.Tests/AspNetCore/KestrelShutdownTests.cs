using System.Diagnostics;
using System.Net.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Utp.Transport.Tests.AspNetCore;

/// <summary>
/// Stopping a web host on uTP: it answers requests in flight, refuses new connections, and takes no longer than the host allows.
/// </summary>
public sealed class KestrelShutdownTests
{
    [Theory]
    [InlineData(HttpVariant.Http1)]
    [InlineData(HttpVariant.Http2PriorKnowledge)]
    [InlineData(HttpVariant.HttpsHttp2ByAlpn)]
    public async Task Stop_WithARequestInFlight_AnswersItFirst(HttpVariant variant)
    {
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var app = await UtpWebApp.StartAsync(
            web => web.MapGet("/slow", async () =>
            {
                entered.SetResult();
                await release.Task;
                return new string('x', 1_000_000);
            }),
            variant.Listening());
        using var client = app.CreateClient(variant.IsHttps(), variant.Version());
        var request = client.GetStringAsync(new Uri("slow", UriKind.Relative));
        await entered.Task.WaitAsync(UtpWebApp.Patience);

        var stop = app.App.StopAsync();
        Assert.False(stop.IsCompleted);
        release.SetResult();

        Assert.Equal(1_000_000, (await request.WaitAsync(UtpWebApp.Patience)).Length);
        await stop.WaitAsync(UtpWebApp.Patience);
        Assert.Empty(app.EndPoints);
    }

    [Fact]
    public async Task Stop_WithIdleConnections_DoesNotWaitForThem()
    {
        await using var app = await UtpWebApp.StartAsync(web => web.MapGet("/", () => "hello"));
        using var client = app.CreateClient();
        await client.GetStringAsync(new Uri(string.Empty, UriKind.Relative)).WaitAsync(UtpWebApp.Patience);
        var watch = Stopwatch.StartNew();

        await app.App.StopAsync().WaitAsync(UtpWebApp.Patience);

        // If the host waited for these connections, it would do so for its shutdown timeout, 30 seconds.
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(25), $"Stopping took {watch.Elapsed}.");
    }

    [Fact]
    public async Task Stop_WithARequestThatNeverEnds_AbortsItAtTheTimeout()
    {
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var aborted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var app = UtpWebApp.Build(
            """{ "Urls": "http://127.0.0.1:0", "Utp": { "Endpoints": { "web": { "Url": "utp://127.0.0.1:0" } } } }""");
        app.App.MapGet("/never", async (HttpContext context) =>
        {
            context.RequestAborted.Register(aborted.SetResult);
            entered.SetResult();
            await aborted.Task;
        });
        await app.StartAsync();
        using var client = app.CreateClient();
        var request = client.GetStringAsync(new Uri("never", UriKind.Relative));
        await entered.Task.WaitAsync(UtpWebApp.Patience);
        var watch = Stopwatch.StartNew();

        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await app.App.StopAsync(timeout.Token).WaitAsync(UtpWebApp.Patience);

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), $"Stopping took {watch.Elapsed}.");
        await aborted.Task.WaitAsync(UtpWebApp.Patience);
        await Assert.ThrowsAsync<HttpRequestException>(() => request.WaitAsync(UtpWebApp.Patience));
    }

    [Fact]
    public async Task Stop_InAHostWhereKestrelStartsFirst_AnswersRequestsInFlight()
    {
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        // In this older kind of host the web host is the first hosted service, so it stops last.
        using var host = Host.CreateDefaultBuilder()
            .UseContentRoot(Path.GetTempPath())
            .ConfigureWebHostDefaults(web => web.UseUtp()
                .ConfigureKestrel(kestrel => kestrel.ListenUtp(System.Net.IPAddress.Loopback, 0))
                .Configure(app => app.Run(async context =>
                {
                    entered.SetResult();
                    await release.Task;
                    await context.Response.WriteAsync("answered");
                })))
            .ConfigureServices(services => services.AddUtp())
            .Build();
        await host.StartAsync().WaitAsync(UtpWebApp.Patience);
        await using var clientServices = new ServiceCollection().AddUtp().Services.BuildServiceProvider();
        using var client = new HttpClient(new SocketsHttpHandler().OverUtp(clientServices.GetRequiredService<IUtpConnectionFactory>()));
        var endPoint = host.Services.GetRequiredService<IUtpServerAddresses>().EndPoints[0];
        var request = client.GetStringAsync(new Uri($"http://{endPoint}/"));
        await entered.Task.WaitAsync(UtpWebApp.Patience);

        var stop = host.StopAsync();
        release.SetResult();

        Assert.Equal("answered", await request.WaitAsync(UtpWebApp.Patience));
        await stop.WaitAsync(UtpWebApp.Patience);
    }
}

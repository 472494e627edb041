using System.Net.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Utp.Transport.Connections;
using Utp.Transport.Tests.AspNetCore;

namespace Utp.Transport.Tests.Hosting;

/// <summary>HTTP requests beyond the maximum number of connections of their uTP client.</summary>
public sealed class HttpClientLimitTests
{
    private static readonly TimeSpan Patience = UtpWebApp.Patience;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Requests_MoreThanConnections_WaitAndAllSucceed(int maxConnections)
    {
        var (now, most) = (0, 0);
        await using var app = await UtpWebApp.StartAsync(web => web.MapGet("/", async () =>
        {
            var count = Interlocked.Increment(ref now);
            InterlockedMax(ref most, count);
            await Task.Delay(50);
            Interlocked.Decrement(ref now);
            return "ok";
        }));
        await using var services = Services(maxConnections);
        var http = services.GetRequiredService<IHttpClientFactory>().CreateClient("files");

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => http.GetStringAsync(Address(app)))).WaitAsync(Patience);

        Assert.All(answers, answer => Assert.Equal("ok", answer));
        Assert.InRange(most, 1, maxConnections);
    }

    [Fact]
    public async Task Requests_ToAnotherHost_GetTheConnectionsThatTheFirstHasIdle()
    {
        await using var first = await UtpWebApp.StartAsync(web => web.MapGet("/", () => "first"));
        await using var second = await UtpWebApp.StartAsync(web => web.MapGet("/", () => "second"));
        await using var services = Services(2);
        var http = services.GetRequiredService<IHttpClientFactory>().CreateClient("files");
        await Task.WhenAll(http.GetStringAsync(Address(first)), http.GetStringAsync(Address(first))).WaitAsync(Patience);

        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => http.GetStringAsync(Address(second)))).WaitAsync(Patience / 2);

        Assert.All(answers, answer => Assert.Equal("second", answer));
    }

    [Fact]
    public async Task Request_CancelledWhileItWaits_LeavesTheQueue()
    {
        var release = new TaskCompletionSource();
        await using var app = await UtpWebApp.StartAsync(web => web.MapGet("/", async () =>
        {
            await release.Task;
            return "ok";
        }));
        await using var services = Services(1);
        var http = services.GetRequiredService<IHttpClientFactory>().CreateClient("files");
        var holding = http.GetStringAsync(Address(app));
        using var cancel = new CancellationTokenSource();
        var waiting = http.GetStringAsync(Address(app), cancel.Token);

        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Patience));
        release.SetResult();

        Assert.Equal("ok", await holding.WaitAsync(Patience));
        Assert.Equal("ok", await http.GetStringAsync(Address(app)).WaitAsync(Patience));
    }

    [Fact]
    public async Task Leases_Taken_AreHandedOnInTheOrderOfAsking()
    {
        var leases = new ConnectionLeases(1);
        var first = leases.TryTake()!;
        Assert.Null(leases.TryTake());
        using var cancel = new CancellationTokenSource();
        var second = leases.TakeAsync(CancellationToken.None).AsTask();
        var third = leases.TakeAsync(cancel.Token).AsTask();
        var fourth = leases.TakeAsync(CancellationToken.None).AsTask();

        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => third.WaitAsync(Patience));
        Assert.False(second.IsCompleted);
        first.Dispose();
        first.Dispose();
        var lease = await second.WaitAsync(Patience);
        Assert.False(fourth.IsCompleted);
        Assert.Equal(1, leases.Count);
        lease.Dispose();
        (await fourth.WaitAsync(Patience)).Dispose();
        Assert.Equal(0, leases.Count);
    }

    [Fact]
    public async Task Connect_Directly_StillFailsAtOnce()
    {
        await using var app = await UtpWebApp.StartAsync(web => web.MapGet("/", () => "ok"));
        await using var services = Services(1);
        var factory = services.GetRequiredService<IUtpConnectionFactoryProvider>().GetFactory("files");
        await using var one = await factory.ConnectAsync(app.EndPoints[0]).AsTask().WaitAsync(Patience);

        await Assert.ThrowsAsync<InvalidOperationException>(() => factory.ConnectAsync(app.EndPoints[0]).AsTask());
    }

    private static ServiceProvider Services(int maxConnections) => new ServiceCollection().AddUtp()
        .AddClient("files", options => options.MaxConnections = maxConnections)
        .AddHttpClient("files", _ => { }).Services.BuildServiceProvider();

    private static Uri Address(UtpWebApp app) => new($"http://{app.EndPoints[0]}/");

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = Volatile.Read(ref target); seen < value;)
        {
            var before = Interlocked.CompareExchange(ref target, value, seen);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }
}

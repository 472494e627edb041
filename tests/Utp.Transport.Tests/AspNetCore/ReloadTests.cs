using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Utp.Transport.Tests.AspNetCore;

/// <summary>Endpoints of the configuration follow its changes while the program runs, as Kestrel's own do.</summary>
public sealed class ReloadTests
{
    private const string Url = "Utp:Endpoints:web:Url";
    private const string AnyPort = "utp://127.0.0.1:0";

    [Fact]
    public async Task ChangedUrl_MovesTheEndpoint()
    {
        var configuration = new ChangingConfiguration((Url, AnyPort));
        await using var app = await StartAsync(configuration);
        var old = app.EndPoints[0];
        using var held = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)held.Client.LocalEndPoint!).Port;
        held.Dispose();

        configuration.Change((Url, $"utp://127.0.0.1:{port}"));
        await UntilAsync(() => app.EndPoints is [var moved] && moved.Port == port);

        Assert.Equal("HTTP/1.1", await GetAsync(app, app.EndPoints[0], HttpVersion.Version11));
        Assert.Contains($"http://127.0.0.1:{port}", app.Urls);
        Assert.DoesNotContain($"http://{old}", app.Urls);
    }

    [Fact]
    public async Task AddedAndRemovedEndpoints_AreBoundAndUnbound()
    {
        var configuration = new ChangingConfiguration((Url, AnyPort));
        await using var app = await StartAsync(configuration);
        var first = app.EndPoints[0];

        configuration.Change((Url, AnyPort), ("Utp:Endpoints:more:Url", AnyPort));
        await UntilAsync(() => app.EndPoints.Count == 2);
        var second = app.App.Services.GetRequiredService<IUtpServerAddresses>().GetEndPoint("more");

        Assert.Contains(first, app.EndPoints);
        Assert.Equal("HTTP/1.1", await GetAsync(app, second, HttpVersion.Version11));

        configuration.Change(("Utp:Endpoints:more:Url", AnyPort));
        await UntilAsync(() => app.EndPoints.Count == 1);

        Assert.Equal([second], app.EndPoints);
    }

    [Fact]
    public async Task ChangedProtocols_ApplyToTheEndpoint()
    {
        var configuration = new ChangingConfiguration((Url, AnyPort));
        await using var app = await StartAsync(configuration);
        var old = app.EndPoints[0];

        configuration.Change((Url, AnyPort), ("Utp:Endpoints:web:Protocols", "Http2"));
        await UntilAsync(() => app.EndPoints is [var moved] && !moved.Equals(old));

        Assert.Equal("HTTP/2", await GetAsync(app, app.EndPoints[0], HttpVersion.Version20));
    }

    [Fact]
    public async Task BadChange_IsLoggedAndTheEndpointStays()
    {
        var configuration = new ChangingConfiguration((Url, AnyPort));
        await using var app = await StartAsync(configuration);
        var before = app.EndPoints;

        configuration.Change((Url, "nonsense"));
        await UntilAsync(() => app.Logs.GetSnapshot().Any(record => record.Level == LogLevel.Critical));

        var record = Assert.Single(app.Logs.GetSnapshot(), record => record.Level == LogLevel.Critical);
        Assert.Contains("Utp:Endpoints:web:Url is 'nonsense'.", record.Exception!.Message, StringComparison.Ordinal);
        Assert.Equal(before, app.EndPoints);
        Assert.Equal("HTTP/1.1", await GetAsync(app, before[0], HttpVersion.Version11));
    }

    [Fact]
    public async Task ChangeOfAnythingElse_WarnsThatItNeedsARestart()
    {
        var configuration = new ChangingConfiguration((Url, AnyPort), ("Utp:Endpoints:raw:Url", AnyPort), ("Utp:Clients:files:NoDelay", "true"));
        await using var app = await StartAsync(configuration, builder => builder.Services.AddUtp().AddListener("raw", raw => raw.Run(_ => Task.CompletedTask)));

        configuration.Change(
            (Url, AnyPort), ("Utp:Endpoints:raw:Url", "utp://127.0.0.1:1"), ("Utp:Clients:files:NoDelay", "false"), ("Utp:Transport:NoDelay", "false"));

        string[] expected = ["Utp:Clients:files:NoDelay", "Utp:Endpoints:raw:Url", "Utp:Transport:NoDelay"];
        Assert.Equal(
            expected.Select(key => $"{key} has changed in the configuration. It is read at the start only: restart the program for the change to take effect."),
            app.Logs.GetSnapshot().Where(record => record.Id.Name == "ChangeNeedsRestart").Select(record => record.Message));
        Assert.Equal(2, app.EndPoints.Count);
    }

    private static async Task<UtpWebApp> StartAsync(ChangingConfiguration configuration, Action<WebApplicationBuilder>? configure = null)
    {
        var app = UtpWebApp.Build("""{ "Urls": "http://127.0.0.1:0" }""", builder =>
        {
            ((IConfigurationBuilder)builder.Configuration).Add(configuration);
            builder.WebHost.UseUtp();
            configure?.Invoke(builder);
        });
        app.App.MapGet("/", (HttpContext context) => context.Request.Protocol);
        return await app.StartAsync();
    }

    private static async Task<string> GetAsync(UtpWebApp app, UtpEndPoint endPoint, Version version)
    {
        using var client = app.CreateClient(version: version, endPoint: endPoint);
        return await client.GetStringAsync(new Uri(string.Empty, UriKind.Relative)).WaitAsync(UtpWebApp.Patience);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(UtpWebApp.Patience);
        while (!condition())
        {
            await Task.Delay(10, patience.Token);
        }
    }
}

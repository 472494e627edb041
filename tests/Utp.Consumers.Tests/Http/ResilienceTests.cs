using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Utp.Consumers.Tests.Http;

/// <summary>Microsoft.Extensions.Http.Resilience around a client over uTP.</summary>
public sealed class ResilienceTests
{
    [Fact]
    public async Task Retry_AfterErrorsOfTheServer_Succeeds()
    {
        var requests = 0;
        await using var server = await WebServer.StartAsync(
            Wire.Utp,
            _ => { },
            app => app.MapGet("/", () => Interlocked.Increment(ref requests) < 3 ? Results.StatusCode(503) : Results.Text("hello")));
        await using var clients = Clients(server.Address);

        var client = clients.GetRequiredService<IHttpClientFactory>().CreateClient("files");

        Assert.Equal("hello", await client.GetStringAsync(new Uri(string.Empty, UriKind.Relative)).WaitAsync(WebServer.Patience));
        Assert.Equal(3, requests);
    }

    [Fact]
    public async Task Retry_AfterRefusedConnections_Succeeds()
    {
        var requests = 0;
        await using var server = await WebServer.StartAsync(
            Wire.Utp,
            _ => { },
            app => app.MapGet("/", () => "hello"),
            listen => listen.Use(next => connection =>
            {
                if (Interlocked.Increment(ref requests) < 3)
                {
                    connection.Abort(new ConnectionAbortedException("not yet"));
                    return Task.CompletedTask;
                }

                return next(connection);
            }));
        await using var clients = Clients(server.Address);

        var client = clients.GetRequiredService<IHttpClientFactory>().CreateClient("files");

        Assert.Equal("hello", await client.GetStringAsync(new Uri(string.Empty, UriKind.Relative)).WaitAsync(WebServer.Patience));
        Assert.Equal(3, requests);
    }

    private static ServiceProvider Clients(Uri address)
    {
        var services = new ServiceCollection();
        services.AddHttpClient("files", client => client.BaseAddress = address)
            .OverUtp()
            .AddStandardResilienceHandler(options => options.Retry.Delay = TimeSpan.FromMilliseconds(10));
        return services.BuildServiceProvider();
    }
}

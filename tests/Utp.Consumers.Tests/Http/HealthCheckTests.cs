using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Utp.Consumers.Tests.Http;

/// <summary>Health checks, asked over uTP and about a service that is reached over uTP.</summary>
public sealed class HealthCheckTests
{
    [Theory]
    [InlineData(Wire.Utp)]
    [InlineData(Wire.Tcp)]
    public async Task Health_OfAServerWhoseBackendEnds_BecomesUnhealthy(Wire wire)
    {
        var backend = await WebServer.StartAsync(wire, _ => { }, app => app.MapGet("/", () => "hello"));
        using var toBackend = backend.CreateClient();
        await using var server = await WebServer.StartAsync(
            wire,
            builder => builder.Services.AddHealthChecks().AddAsyncCheck("backend", async cancellationToken => await AskAsync(toBackend, cancellationToken)),
            app => app.MapHealthChecks("/health"));
        using var client = server.CreateClient();

        Assert.Equal((HttpStatusCode.OK, "Healthy"), await GetAsync(client));
        await backend.DisposeAsync();

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "Unhealthy"), await GetAsync(client));
    }

    private static async Task<HealthCheckResult> AskAsync(HttpClient backend, CancellationToken cancellationToken)
    {
        try
        {
            await backend.GetStringAsync(new Uri(string.Empty, UriKind.Relative), cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (HttpRequestException exception)
        {
            return HealthCheckResult.Unhealthy(exception: exception);
        }
    }

    private static async Task<(HttpStatusCode Code, string Text)> GetAsync(HttpClient client)
    {
        using var answer = await client.GetAsync(new Uri("health", UriKind.Relative)).WaitAsync(WebServer.Patience);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}

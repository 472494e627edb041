using System.Net;
using System.Net.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Utp.Transport.Tests.AspNetCore;

/// <summary>A connection on which an answer takes longer than the idle timeout stays open.</summary>
public sealed class QuietConnectionTests
{
    [Theory]
    [InlineData(HttpVariant.Http1)]
    [InlineData(HttpVariant.HttpsHttp2ByAlpn)]
    public async Task Answer_ThatTakesLongerThanTheIdleTimeoutOfBothEnds_Arrives(HttpVariant variant)
    {
        const string Idle = "00:00:02";
        await using var app = UtpWebApp.Build(
            $$"""{ "Utp": { "Transport": { "IdleTimeout": "{{Idle}}" } } }""",
            builder => builder.WebHost.UseUtp().ConfigureKestrel(kestrel => kestrel.ListenUtp(IPAddress.Loopback, 0, variant.Listening())));
        app.App.MapGet("/slow", async () =>
        {
            await Task.Delay(TimeSpan.FromSeconds(5));
            return "at last";
        });
        await app.StartAsync();
        var services = new ServiceCollection();
        services.AddUtp(options => options.IdleTimeout = TimeSpan.Parse(Idle, System.Globalization.CultureInfo.InvariantCulture));
        await using var provider = services.BuildServiceProvider();
        using var client = app.CreateClient(variant.IsHttps(), variant.Version(), factory: provider.GetRequiredService<IUtpConnectionFactory>());

        Assert.Equal("at last", await client.GetStringAsync(new Uri("slow", UriKind.Relative)).WaitAsync(UtpWebApp.Patience));
    }
}

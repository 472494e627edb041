using System.Net.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Utp.Transport.Tests.AspNetCore;

/// <summary>A host that knows only IP endpoints, with a transport that claims them.</summary>
public sealed class ClaimedEndPointTests
{
    [Fact]
    public async Task Url_WhenIPEndPointsAreClaimed_IsServedOverUtp()
    {
        await using var app = UtpWebApp.Build("""{ "Utp": { "Transport": { "ClaimIPEndPoints": true } } }""", null, "--Urls=http://127.0.0.1:0");
        app.App.MapGet("/", () => "over uTP");
        await app.StartAsync();
        var url = new Uri(Assert.Single(app.Urls));
        using var handler = new SocketsHttpHandler().OverUtp(app.Client);
        using var client = new HttpClient(handler);

        Assert.Equal("over uTP", await client.GetStringAsync(url).WaitAsync(UtpWebApp.Patience));
        Assert.Equal(url.Port, Assert.Single(app.EndPoints).Port);
    }
}

using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Utp.Protocol.Sockets;
using Utp.Transport.Datagrams.Sharding;
using Utp.Transport.Engine;
using Utp.Transport.Tests.Engine;
using Utp.Transport.Tests.Sockets;

namespace Utp.Transport.Tests.AspNetCore;

/// <summary>Kestrel stops accepting once a listener has thrown, so a socket that fails must not make the listener throw.</summary>
public sealed class KestrelRecoveryTests
{
    [Fact]
    public async Task SocketFails_TheEndpointGoesOnServing()
    {
        SendFault? fault = null;
        await using var app = UtpWebApp.Build("{}", builder =>
        {
            builder.WebHost.UseUtp().ConfigureKestrel(kestrel => kestrel.ListenUtp(IPAddress.Loopback, 0, _ => { }));
            builder.Services.AddSingleton(services => new UtpEngine(
                services.GetRequiredService<IOptions<UtpTransportOptions>>(), services.GetRequiredService<ILoggerFactory>(), TimeProvider.System)
            {
                OpenChannels = (local, count, options, clock, logger) => Array.ConvertAll(
                    ShardedChannels.Create(local, count, options, clock, logger), channel => new FaultyChannel(channel, () => fault)),
            });
        });
        app.App.MapGet("/", () => "served");
        await app.StartAsync();
        using var first = app.CreateClient();
        Assert.Equal("served", await first.GetStringAsync(new Uri("/", UriKind.Relative)));

        fault = (in Transmit _, ReadOnlySpan<byte> _, ref int _) =>
        {
            fault = null;
            throw new InvalidOperationException("a defect");
        };
        await Assert.ThrowsAnyAsync<Exception>(() => first.GetStringAsync(new Uri("/", UriKind.Relative)).WaitAsync(TimeSpan.FromSeconds(5)));

        await EngineFixture.EventuallyAsync(
            () => app.Logs.GetSnapshot().Any(record => record.Id.Name == "ListenerBoundAgain"), "the endpoint is bound again");
        using var second = app.CreateClient();
        Assert.Equal("served", await second.GetStringAsync(new Uri("/", UriKind.Relative)).WaitAsync(UtpWebApp.Patience));
    }
}

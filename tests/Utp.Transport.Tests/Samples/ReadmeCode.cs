using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Utp.Transport.Tests.Samples;

/// <summary>The code of the README, so that the compiler checks it too. <see cref="ReadmeTests"/> compares the two.</summary>
internal static class ReadmeCode
{
    public static void Server(string[] args)
    {
        // README
        var builder = WebApplication.CreateBuilder(args);
        builder.WebHost.UseUtp();   // listens on Utp:Endpoints of the configuration, beside Kestrel's TCP addresses

        var app = builder.Build();
        app.MapGet("/hello/{name}", (string name, HttpContext context) =>
        {
            // Requests over uTP carry the measurements of their connection.
            var connection = context.Features.Get<IUtpConnectionFeature>();
            return $"Hello {name}, the round trip is {connection?.Statistics.RoundTripTime.TotalMilliseconds} ms";
        });
        app.Run();

        // End
    }

    public static void Endpoints(WebApplicationBuilder builder)
    {
        // README
        builder.WebHost.UseUtp().ConfigureKestrel(kestrel =>
        {
            kestrel.ListenLocalhost(5000);                                                // TCP
            kestrel.ListenLocalhostUtp(5000);                                             // uTP, the same port number of UDP
            kestrel.ListenAnyIPUtp(5001, listen => listen.Protocols = HttpProtocols.Http2); // HTTP/2 with prior knowledge
        });

        // End
    }

    public static async Task ClientAsync()
    {
        // README
        var services = new ServiceCollection();
        services.AddUtp().AddHttpClient("hello", client => client.BaseAddress = new Uri("http://127.0.0.1:5000/"));
        await using var provider = services.BuildServiceProvider();

        var client = provider.GetRequiredService<IHttpClientFactory>().CreateClient("hello");
        Console.WriteLine(await client.GetStringAsync(new Uri("hello/world", UriKind.Relative)));

        // End
    }

    public static async Task OptionsAsync(ILoggerFactory loggerFactory)
    {
        // README
        var engine = new UtpEngineOptions
        {
            Transport = new UtpTransportOptions { CongestionControl = UtpCongestionControl.Cubic, IdleTimeout = TimeSpan.FromMinutes(1) },
            LoggerFactory = loggerFactory,
            TimeProvider = TimeProvider.System, // tests can set another one
        };
        await using var client = new UtpClient(new UtpClientOptions { ReceiveBufferSize = 4 * 1024 * 1024 }, engine);

        // This connection: CUBIC and one minute from the engine, 4 MiB from the client, five seconds of its own.
        var options = new UtpConnectionOptions { ConnectTimeout = TimeSpan.FromSeconds(5) };
        await using var stream = await client.ConnectAsync(UtpEndPoint.Parse("utp://127.0.0.1:7000"), options);

        // End
    }

    public static async Task GenericHostAsync(string[] args)
    {
        // README
        var builder = Host.CreateApplicationBuilder(args);
        builder.Services.AddUtp()
            .AddListener("echo", UtpEndPoint.Parse("utp://127.0.0.1:7000"), connection => connection.UseConnectionHandler<EchoHandler>())
            .AddClient("echo", options => options.MaxConnections = 4);
        using var host = builder.Build();
        await host.StartAsync();

        var client = host.Services.GetRequiredKeyedService<IUtpConnectionFactory>("echo"); // or [FromKeyedServices("echo")] in a constructor
        await using var connection = await client.ConnectAsync(UtpEndPoint.Parse("utp://127.0.0.1:7000"));
        await using var stream = connection.AsUtpStream();

        // End
    }

    private sealed class EchoHandler : ConnectionHandler
    {
        public override Task OnConnectedAsync(ConnectionContext connection) => Task.CompletedTask;
    }
}

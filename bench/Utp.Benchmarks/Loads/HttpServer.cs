using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Utp.Benchmarks.Loads;

/// <summary>Kestrel with one endpoint, over uTP or TCP, that answers every request with the same 13 bytes.</summary>
internal static class HttpServer
{
    private static readonly byte[] Body = "Hello, World!"u8.ToArray();

    public static async Task RunAsync(LoadOptions options)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        if (options.Channel is not null)
        {
            builder.WebHost.UseUtp(options.ApplyTo);
        }
        else
        {
            builder.WebHost.UseSockets(sockets => sockets.UnsafePreferInlineScheduling = options.IsInline);
        }

        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            if (options.Channel is null)
            {
                kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
            }
            else
            {
                kestrel.ListenUtp(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
            }
        });
        await using var app = builder.Build();
        app.Run(context =>
        {
            context.Response.ContentType = "text/plain";
            context.Response.ContentLength = Body.Length;
            return context.Response.Body.WriteAsync(Body).AsTask();
        });
        await app.StartAsync();
        LoadConsole.Say(PortOf(app, options).ToString(CultureInfo.InvariantCulture));
        LoadConsole.Serve(_ => "0");
        Environment.Exit(0);
    }

    private static int PortOf(WebApplication app, LoadOptions options) => options.Channel is null
        ? new Uri(app.Urls.First()).Port
        : app.Services.GetRequiredService<IUtpServerAddresses>().EndPoints[0].Port;
}

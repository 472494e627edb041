using System.Net;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Hosting;

namespace OrleansOverUtp;

/// <summary>One silo: a process that has grains.</summary>
internal static class SiloProcess
{
    /// <summary>Runs until standard input ends.</summary>
    /// <param name="siloPort">The UDP port for other silos.</param>
    /// <param name="gatewayPort">The UDP port for clients.</param>
    /// <param name="primaryPort">The port of the silo that keeps the list of members; the same as <paramref name="siloPort"/> for that one.</param>
    /// <param name="overTcp">Whether to leave Orleans on TCP, for comparison.</param>
    public static async Task RunAsync(int siloPort, int gatewayPort, int primaryPort, bool overTcp)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.SetMinimumLevel(LogLevel.Warning).AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.UseOrleans(silo => silo.UseLocalhostClustering(siloPort, gatewayPort, new IPEndPoint(IPAddress.Loopback, primaryPort)));
        if (!overTcp)
        {
            builder.Services.UseUtpForOrleans();
        }

        using var host = builder.Build();
        await host.StartAsync();
        Console.WriteLine("ready");
        await Console.In.ReadToEndAsync();
        await host.StopAsync();
    }
}

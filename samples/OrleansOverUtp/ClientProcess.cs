using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Hosting;

namespace OrleansOverUtp;

/// <summary>A client: a process that calls grains of the cluster.</summary>
internal static class ClientProcess
{
    private const int GrainCount = 200;
    private const int CallsPerGrain = 50;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <returns>Whether every call was answered in order, and both silos took part.</returns>
    public static async Task<bool> RunAsync(int[] gatewayPorts, bool overTcp)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.SetMinimumLevel(LogLevel.Warning).AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.UseOrleansClient(client => client.UseLocalhostClustering(gatewayPorts));
        if (!overTcp)
        {
            builder.Services.UseUtpForOrleans();
        }

        using var host = builder.Build();
        using var timeout = new CancellationTokenSource(Patience);
        await host.StartAsync(timeout.Token);
        var grains = host.Services.GetRequiredService<IGrainFactory>();
        var watch = Stopwatch.StartNew();
        var counters = Enumerable.Range(0, GrainCount).Select(key => grains.GetGrain<ICounterGrain>(key)).ToArray();
        await Task.WhenAll(counters.Select(CallAsync)).WaitAsync(timeout.Token);
        var elapsed = watch.Elapsed;
        var answers = await Task.WhenAll(counters.Select(counter => counter.ReportAsync())).WaitAsync(timeout.Token);

        foreach (var silo in answers.GroupBy(answer => answer.Silo).OrderBy(silo => silo.Key, StringComparer.Ordinal))
        {
            Console.WriteLine($"silo {silo.Key}: {silo.Count()} grains, {silo.Max(answer => answer.TcpSockets)} TCP sockets");
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"client: {TcpSockets.OfThisProcess()} TCP sockets, "
            + $"{GrainCount * CallsPerGrain} calls in {elapsed.TotalSeconds:F2} s = {GrainCount * CallsPerGrain / elapsed.TotalSeconds:F0} per second"));
        await host.StopAsync();
        return answers.All(answer => answer.Count == CallsPerGrain) && answers.DistinctBy(answer => answer.Silo).Count() == 2;
    }

    private static async Task CallAsync(ICounterGrain grain)
    {
        while (await grain.AddAsync() < CallsPerGrain)
        {
            // Each call waits for the answer of the one before.
        }
    }
}

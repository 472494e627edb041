using EchoHost;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

var once = args.Contains("--once");
var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings
{
    Args = [.. args.Where(argument => argument != "--once")],
    ContentRootPath = AppContext.BaseDirectory,
});
if (once)
{
    // A port of the system's choice, so that a check never collides with a server that is running.
    builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Utp:Endpoints:echo:Url"] = "utp://127.0.0.1:0" });
}

// The listener takes its endpoint from Utp:Endpoints:echo, the client its options from Utp:Clients:echo.
builder.Services.AddUtp()
    .AddListener("echo", connection => connection.UseConnectionHandler<EchoHandler>())
    .AddClient("echo");
builder.Services.AddSingleton<EchoClient>();

using var host = builder.Build();
await host.StartAsync();
var echoed = await host.Services.GetRequiredService<EchoClient>().RunAsync();
if (!once)
{
    Console.WriteLine("Still listening. Press Ctrl+C to stop.");
    await host.WaitForShutdownAsync();
}

await host.StopAsync();
return echoed ? 0 : 1;

using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Utp.Transport.Tests.Hosting;

/// <summary>Creates programs from a piece of configuration.</summary>
internal static class UtpConfigurationJson
{
    public static IConfigurationRoot Parse(string json) => new ConfigurationBuilder().AddJson(json).Build();

    public static IConfigurationBuilder AddJson(this IConfigurationBuilder builder, string json) =>
        builder.AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(json)));

    public static ServiceProvider Services(string json, Action<IUtpBuilder>? configure = null)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(Parse(json));
        var builder = services.AddUtp();
        configure?.Invoke(builder);
        return services.BuildServiceProvider();
    }

    public static IHost Host(string json, Action<IUtpBuilder>? configure = null)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddJson(json);
        var utp = builder.Services.AddUtp();
        configure?.Invoke(utp);
        return builder.Build();
    }

    /// <summary>Starts a host that must refuse to start; returns the reported failures.</summary>
    public static async Task<string[]> StartFailuresAsync(string json, Action<IUtpBuilder>? configure = null)
    {
        using var host = Host(json, configure);
        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync().WaitAsync(TimeSpan.FromSeconds(30)));
        return [.. exception.Failures];
    }
}

using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Utp.Transport;

namespace OrleansOverUtp;

/// <summary>Lets Orleans listen and connect over uTP.</summary>
internal static class OrleansUtpExtensions
{
    /// <summary>
    /// Replaces the TCP transport of Orleans. Silos and clients register it under keys that are private objects of Orleans, so this method reuses the
    /// keys of what is registered. Call it after <c>UseOrleans</c> or <c>UseOrleansClient</c>.
    /// </summary>
    public static void UseUtpForOrleans(this IServiceCollection services)
    {
        services.AddUtp();
        services.TryAddSingleton<UtpTransportFactory>();
        for (var index = 0; index < services.Count; index++)
        {
            var type = services[index].ServiceType;
            if (services[index] is { IsKeyedService: true, ServiceKey: not string } orleans
                && orleans.ServiceKey != KeyedService.AnyKey
                && (type == typeof(IConnectionFactory) || type == typeof(IConnectionListenerFactory)))
            {
                services[index] = ServiceDescriptor.KeyedSingleton(type, orleans.ServiceKey,
                    (provider, _) => provider.GetRequiredService<UtpTransportFactory>());
            }
        }
    }
}

using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Utp.Transport;
using Utp.Transport.AspNetCore;
using Utp.Transport.Hosting.Configuration;
using Utp.Transport.Hosting.Servers;

namespace Microsoft.AspNetCore.Hosting;

/// <summary>Adds the uTP transport to Kestrel.</summary>
public static class WebHostBuilderUtpExtensions
{
    /// <summary>
    /// Lets Kestrel listen on uTP endpoints, in addition to its others: those of <c>Utp:Endpoints</c> in the configuration, and those of
    /// <c>ListenUtp</c> in code. Includes <c>AddUtp</c>. The order of this and other <c>Use...</c> calls does not matter, and further calls add
    /// nothing. Configured uTP endpoints do not replace <c>ASPNETCORE_URLS</c>, <c>--urls</c> or Kestrel's default address, and these may contain
    /// <c>utp://HOST:PORT</c> too; but <c>PreferHostingUrls</c> with such URLs replaces uTP endpoints, as it does all others. A program that
    /// listens on no uTP endpoint after its start logs a warning.
    /// </summary>
    /// <remarks>
    /// Configured uTP endpoints follow changes of the configuration at run time where Kestrel's own endpoints do: they are bound, moved and
    /// unbound. <c>ConfigureEndpointDefaults</c> sees them as IP endpoints, before they become uTP endpoints.
    /// </remarks>
    /// <param name="builder">The web host builder, for example <c>builder.WebHost</c>.</param>
    /// <returns>The builder.</returns>
    public static IWebHostBuilder UseUtp(this IWebHostBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);

        // Kestrel's TCP transport registers itself only when no other factory is registered, so it has to come first.
        return builder.UseSockets().UseKestrelHttpsConfiguration().ConfigureServices(services =>
        {
            services.AddUtp();
            services.TryAddSingleton<UtpHttpServerMarker>();
            services.TryAddSingleton<HttpEndpoints>();
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IConnectionListenerFactory, KestrelListenerFactory>());
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IPostConfigureOptions<KestrelServerOptions>, KestrelEndpointSetup>());
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<UtpStartupChecks>, HttpEndpointValidation>());
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IStartupFilter, ServerUrlsFilter>());
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, ListeningCheck>());
        });
    }

    /// <summary>
    /// Lets Kestrel listen on uTP endpoints, as <see cref="UseUtp(IWebHostBuilder)"/> does, and sets the engine's options in code, which override
    /// the configuration.
    /// </summary>
    /// <param name="builder">The web host builder.</param>
    /// <param name="configure">Sets the engine's options.</param>
    /// <returns>The builder.</returns>
    public static IWebHostBuilder UseUtp(this IWebHostBuilder builder, Action<UtpTransportOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return builder.UseUtp().ConfigureServices(services => services.Configure(configure));
    }
}

using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Utp.Transport;
using Utp.Transport.Datagrams.Custom;
using Utp.Transport.Diagnostics;
using Utp.Transport.Engine;
using Utp.Transport.Hosting;
using Utp.Transport.Hosting.Clients;
using Utp.Transport.Hosting.Configuration;
using Utp.Transport.Hosting.Servers;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds uTP to a service collection.</summary>
public static class UtpServiceCollectionExtensions
{
    /// <summary>
    /// Adds the uTP engine, its default client (<see cref="IUtpConnectionFactory"/>, and <see cref="IConnectionFactory"/> unless one is
    /// registered), named clients (<see cref="IUtpConnectionFactoryProvider"/>, and by key) and options from the host's configuration section
    /// <c>Utp</c>. Further calls add nothing. Sockets open with the first listener or connect, and close when the host has stopped everything
    /// else. Unknown keys and values out of range fail the host's start, and without a host the first use, with
    /// <see cref="OptionsValidationException"/>.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <returns>A builder that adds listeners and clients.</returns>
    public static IUtpBuilder AddUtp(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (!services.Any(descriptor => descriptor.ServiceType == typeof(UtpEngine)))
        {
            AddPlatform(services);
            AddOptions(services);
            AddEngine(services);
            AddServers(services);
            AddClients(services);
        }

        return new UtpBuilder(services);
    }

    /// <summary>Adds uTP as <see cref="AddUtp(IServiceCollection)"/> does, and sets options in code, which override the configuration.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets the engine's options.</param>
    /// <returns>A builder that adds listeners and clients.</returns>
    public static IUtpBuilder AddUtp(this IServiceCollection services, Action<UtpTransportOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var builder = services.AddUtp();
        services.Configure(configure);
        return builder;
    }

    /// <summary>
    /// Adds uTP as <see cref="AddUtp(IServiceCollection)"/> does, with a configuration section of the caller's choice in place of <c>Utp</c>.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="section">The section with <c>Transport</c>, <c>Endpoints</c> and <c>Clients</c>; of a whole configuration, its section <c>Utp</c>.</param>
    /// <returns>A builder that adds listeners and clients.</returns>
    public static IUtpBuilder AddUtp(this IServiceCollection services, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(section);
        var builder = services.AddUtp();
        services.AddSingleton(new UtpConfigurationSource(section is IConfigurationRoot ? section.GetSection(UtpConfiguration.SectionName) : section));
        return builder;
    }

    private static void AddPlatform(IServiceCollection services)
    {
        services.AddLogging();
        services.AddMetrics();
        services.AddOptions();
        services.TryAddSingleton(TimeProvider.System);
    }

    private static void AddOptions(IServiceCollection services)
    {
        services.TryAddSingleton<UtpConfiguration>();
        services.TryAddSingleton<UtpListenerEndpoints>();
        services.TryAddSingleton<UtpClientNames>();
        AddSetup<UtpTransportOptions, UtpTransportOptionsSetup>(services);
        AddSetup<UtpClientOptions, UtpClientOptionsSetup>(services);
        AddSetup<UtpListenerOptions, UtpListenerOptionsSetup>(services);
        services.AddOptions<UtpStartupChecks>().ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<UtpStartupChecks>, UtpStartupValidation>());
    }

    private static void AddSetup<TOptions, [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TSetup>(IServiceCollection services)
        where TOptions : class
        where TSetup : class, IConfigureOptions<TOptions>, IValidateOptions<TOptions>
    {
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IConfigureOptions<TOptions>, TSetup>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<TOptions>, TSetup>());
    }

    private static void AddEngine(IServiceCollection services)
    {
        services.TryAddSingleton(provider => new UtpMetrics(provider.GetRequiredService<IMeterFactory>()));
        services.AddSingleton(provider => new UtpEngine(
            new TransportOptionsSnapshot(provider.GetRequiredService<IOptions<UtpTransportOptions>>()),
            provider.GetRequiredService<ILoggerFactory>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<UtpMetrics>(),
            provider.GetService<IMemoryPoolFactory<byte>>(),
            provider.GetService<INonUtpDatagramHandler>)
        {
            OpenChannels = CustomDatagramChannel.OpenerOf(provider.GetService<IUtpDatagramLayer>()),
            CreateAcceptFilter = provider.GetService<IUtpAcceptFilter>,
        });
        services.TryAddSingleton<IUtpRateLimits>(provider => provider.GetRequiredService<UtpEngine>().RateLimits);
        services.TryAddSingleton<INonUtpDatagramSender>(provider => provider.GetRequiredService<UtpEngine>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, UtpEngine>(provider => provider.GetRequiredService<UtpEngine>()));
    }

    private static void AddServers(IServiceCollection services)
    {
        services.TryAddSingleton<UtpServerAddresses>();
        services.TryAddSingleton<IUtpServerAddresses>(provider => provider.GetRequiredService<UtpServerAddresses>());
        services.TryAddSingleton<UtpServerListenerFactory>();
        services.TryAddSingleton<BindErrors>();
        services.TryAddSingleton<IUtpConnectionListenerFactory>(provider => provider.GetRequiredService<UtpServerListenerFactory>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, UtpServer>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, UtpConfigurationWatch>());
    }

    private static void AddClients(IServiceCollection services)
    {
        services.TryAddSingleton<UtpConnectionFactoryProvider>();
        services.TryAddSingleton<IUtpConnectionFactoryProvider>(provider => provider.GetRequiredService<UtpConnectionFactoryProvider>());
        services.TryAddSingleton(provider => provider.GetRequiredService<IUtpConnectionFactoryProvider>().GetFactory(Options.Options.DefaultName));
        services.TryAddSingleton<IConnectionFactory>(provider => provider.GetRequiredService<IUtpConnectionFactory>());

        // Clients are registered by any key, so that clients that only the configuration names can be injected too. An unknown name fails with the
        // list of known names.
        services.TryAddKeyedSingleton(
            KeyedService.AnyKey,
            (provider, key) => provider.GetRequiredService<IUtpConnectionFactoryProvider>().GetFactory(key as string ?? string.Empty));
    }
}

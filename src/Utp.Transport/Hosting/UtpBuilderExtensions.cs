using System.Net.Http;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Utp.Transport;
using Utp.Transport.Hosting.Clients;
using Utp.Transport.Hosting.Servers;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds listeners and clients to uTP.</summary>
public static class UtpBuilderExtensions
{
    /// <summary>
    /// Adds a listener whose endpoint is configured as <c>Utp:Endpoints:NAME:Url</c>. It is bound when the host starts, and a failure to bind
    /// fails the start. It suits programs without Kestrel, and raw protocols beside Kestrel. When the host stops, it asks handlers to close through
    /// <see cref="Microsoft.AspNetCore.Connections.Features.IConnectionLifetimeNotificationFeature"/>. When <c>HostOptions.ShutdownTimeout</c>
    /// is over, it aborts the connections whose handlers still run.
    /// </summary>
    /// <param name="builder">The builder.</param>
    /// <param name="name">The listener's name, without regard to case.</param>
    /// <param name="configure">Builds the handler of connections, for example <c>connection => connection.UseConnectionHandler&lt;T&gt;()</c>.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentException">A listener of that name exists.</exception>
    public static IUtpBuilder AddListener(this IUtpBuilder builder, string name, Action<IConnectionBuilder> configure) =>
        Add(builder, name, null, configure);

    /// <summary>
    /// Adds a listener on an endpoint. <c>Utp:Endpoints:NAME</c>, when it exists, sets the options of its connections, and its <c>Url</c> replaces
    /// the endpoint given here, which is the default. The listener is bound when the host starts; a failure to bind fails the start.
    /// </summary>
    /// <param name="builder">The builder.</param>
    /// <param name="name">The listener's name, without regard to case.</param>
    /// <param name="endPoint">Where to listen; port 0 lets the system choose (see <see cref="IUtpServerAddresses"/>).</param>
    /// <param name="configure">Builds the handler of connections, for example <c>connection => connection.UseConnectionHandler&lt;T&gt;()</c>.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentException">A listener of that name exists.</exception>
    public static IUtpBuilder AddListener(this IUtpBuilder builder, string name, UtpEndPoint endPoint, Action<IConnectionBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        return Add(builder, name, endPoint, configure);
    }

    /// <summary>
    /// Adds a listener as <see cref="AddListener(IUtpBuilder, string, UtpEndPoint, Action{IConnectionBuilder})"/> does, with options set in code.
    /// </summary>
    /// <param name="builder">The builder.</param>
    /// <param name="name">The listener's name, without regard to case.</param>
    /// <param name="endPoint">Where to listen; port 0 lets the system choose (see <see cref="IUtpServerAddresses"/>).</param>
    /// <param name="configure">Builds the handler of connections.</param>
    /// <param name="configureOptions">Sets options of the listener's connections, after the configuration has.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentException">A listener of that name exists.</exception>
    public static IUtpBuilder AddListener(
        this IUtpBuilder builder,
        string name,
        UtpEndPoint endPoint,
        Action<IConnectionBuilder> configure,
        Action<UtpListenerOptions> configureOptions)
    {
        ArgumentNullException.ThrowIfNull(configureOptions);
        builder.AddListener(name, endPoint, configure);
        builder.Services.Configure(name, configureOptions);
        return builder;
    }

    /// <summary>
    /// Adds a named client, with options from <c>Utp:Clients:NAME</c>. Get it from <see cref="IUtpConnectionFactoryProvider"/>, or inject
    /// <c>[FromKeyedServices("NAME")] IUtpConnectionFactory</c> (or <c>IConnectionFactory</c>).
    /// </summary>
    /// <param name="builder">The builder.</param>
    /// <param name="name">The client's name.</param>
    /// <returns>The builder.</returns>
    public static IUtpBuilder AddClient(this IUtpBuilder builder, string name)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        builder.Services.AddSingleton(new UtpClientRegistration(name));
        builder.Services.TryAddKeyedSingleton<IConnectionFactory>(
            name,
            static (provider, key) => provider.GetRequiredService<IUtpConnectionFactoryProvider>().GetFactory((string)key!));
        return builder;
    }

    /// <summary>Adds a named client as <see cref="AddClient(IUtpBuilder, string)"/> does, with options set in code, after the configuration has.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="name">The client's name.</param>
    /// <param name="configureOptions">Sets the client's options.</param>
    /// <returns>The builder.</returns>
    public static IUtpBuilder AddClient(this IUtpBuilder builder, string name, Action<UtpClientOptions> configureOptions)
    {
        ArgumentNullException.ThrowIfNull(configureOptions);
        builder.AddClient(name);
        builder.Services.Configure(name, configureOptions);
        return builder;
    }

    /// <summary>
    /// Adds an <see cref="HttpClient"/> that speaks HTTP over uTP. Get it from <see cref="IHttpClientFactory"/> by its name. This is the same as
    /// <c>services.AddHttpClient(name, ...).OverUtp()</c>.
    /// </summary>
    /// <param name="builder">The builder.</param>
    /// <param name="name">The client's name; when a uTP client of that name exists, its options apply.</param>
    /// <param name="configureClient">Sets up the client, for example its <c>BaseAddress</c>, <c>http://host:port/</c>: the port is a UDP port.</param>
    /// <returns>A builder for the client.</returns>
    public static IHttpClientBuilder AddHttpClient(this IUtpBuilder builder, string name, Action<HttpClient> configureClient)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Services.AddHttpClient(name, configureClient).OverUtp();
    }

    /// <summary>
    /// Adds an <see cref="HttpClient"/> over uTP as <see cref="AddHttpClient(IUtpBuilder, string, Action{HttpClient})"/> does, with access to other
    /// services.
    /// </summary>
    /// <param name="builder">The builder.</param>
    /// <param name="name">The client's name; when a uTP client of that name exists, its options apply.</param>
    /// <param name="configureClient">Sets up the client, for example with an address from <see cref="IUtpServerAddresses"/>.</param>
    /// <returns>A builder for the client.</returns>
    public static IHttpClientBuilder AddHttpClient(this IUtpBuilder builder, string name, Action<IServiceProvider, HttpClient> configureClient)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Services.AddHttpClient(name, configureClient).OverUtp();
    }

    private static IUtpBuilder Add(IUtpBuilder builder, string name, UtpEndPoint? endPoint, Action<IConnectionBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(configure);
        if (builder.Services.Any(descriptor => descriptor.ImplementationInstance is UtpListenerRegistration other
            && string.Equals(other.Name, name, StringComparison.OrdinalIgnoreCase)))
        {
            throw new ArgumentException($"A uTP listener named '{name}' is already added. Give each listener a name of its own.", nameof(name));
        }

        builder.Services.AddSingleton(new UtpListenerRegistration(name, endPoint, configure));
        return builder;
    }
}

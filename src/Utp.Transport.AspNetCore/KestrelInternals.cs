using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Server.Kestrel;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;

namespace Utp.Transport.AspNetCore;

/// <summary>
/// Reaches what Kestrel's public API does not offer. This is the only class that does so. If a later Kestrel has changed, its methods return
/// false, and uTP endpoints are bound through the public API: they then do not follow changes of the configuration, and replace URLs with a warning.
/// </summary>
internal static class KestrelInternals
{
    public static bool TryGetEndpointsInCode(KestrelServerOptions options, [NotNullWhen(true)] out IReadOnlyList<ListenOptions>? endpoints)
    {
        try
        {
            var waiting = options.ConfigurationLoader is { } loader && EndpointsToAdd(loader).Count > 0;
            endpoints = CodeBackedListenOptions(options);
            return !waiting;
        }
        catch (MissingMemberException)
        {
            endpoints = null;
            return false;
        }
    }

    /// <summary>
    /// Replaces the configuration from which Kestrel reads its endpoints. If Kestrel has read it already, because something called <c>UseHttps</c>,
    /// Kestrel reads it again.
    /// </summary>
    public static bool TryReplaceConfiguration(KestrelConfigurationLoader loader, IConfiguration configuration)
    {
        var original = loader.Configuration;
        try
        {
            ProbeEndpoints();
            var isLoaded = Loaded(loader);
            SetConfiguration(loader, configuration);
            if (isLoaded)
            {
                Reload(loader);
            }

            return true;
        }
        catch (MissingMemberException)
        {
            if (loader.Configuration != original)
            {
                SetConfiguration(loader, original);
            }

            return false;
        }
    }

    /// <summary>Changes where an endpoint of the configuration is bound.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_EndPoint")]
    public static extern void SetEndPoint(ListenOptions options, EndPoint endPoint);

    /// <summary>Gets whether an endpoint has TLS already, for example from <c>ConfigureEndpointDefaults</c>.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_IsTls")]
    public static extern bool HasTls(ListenOptions options);

    /// <summary>Calls what the endpoints will need, on one that is never bound, so that nothing is changed when it is missing.</summary>
    private static void ProbeEndpoints() => new KestrelServerOptions().Listen(new IPEndPoint(IPAddress.Loopback, 0), static listen =>
    {
        SetEndPoint(listen, listen.EndPoint);
        _ = HasTls(listen);
    });

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_CodeBackedListenOptions")]
    private static extern List<ListenOptions> CodeBackedListenOptions(KestrelServerOptions options);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_EndpointsToAdd")]
    private static extern IList<Action> EndpointsToAdd(KestrelConfigurationLoader loader);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_loaded")]
    private static extern ref bool Loaded(KestrelConfigurationLoader loader);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_Configuration")]
    private static extern void SetConfiguration(KestrelConfigurationLoader loader, IConfiguration configuration);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "Reload")]
    private static extern (List<ListenOptions> ToStop, List<ListenOptions> ToStart) Reload(KestrelConfigurationLoader loader);
}

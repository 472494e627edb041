using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Server.Kestrel;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Utp.Transport.AspNetCore;

/// <summary>
/// Reads the endpoints of an application from Kestrel's internals, because its public API does not expose them. This is the only class that does so.
/// If a later Kestrel has changed, the answer is "unknown" and Kestrel's own rule applies: endpoints replace URLs, with a warning.
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
        catch (MissingMethodException)
        {
            endpoints = null;
            return false;
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_CodeBackedListenOptions")]
    private static extern List<ListenOptions> CodeBackedListenOptions(KestrelServerOptions options);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_EndpointsToAdd")]
    private static extern IList<Action> EndpointsToAdd(KestrelConfigurationLoader loader);
}

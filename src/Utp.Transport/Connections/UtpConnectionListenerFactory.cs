using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using Utp.Transport.Engine;
using Utp.Transport.Options;

namespace Utp.Transport.Connections;

/// <summary>
/// Binds <see cref="UtpEndPoint"/> and <see cref="IPEndPoint"/>. A host that asks which endpoints belong to uTP hears that plain IP endpoints do only
/// if <see cref="UtpTransportOptions.ClaimIPEndPoints"/> is true.
/// </summary>
/// <param name="engine">The engine.</param>
/// <param name="options">The engine's options.</param>
internal sealed class UtpConnectionListenerFactory(UtpEngine engine, IOptions<UtpTransportOptions> options)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    public bool CanBind(EndPoint endpoint) => endpoint is UtpEndPoint || (IsPlain(endpoint) && options.Value.ClaimIPEndPoints);

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        BindAsync(endpoint, null, cancellationToken);

    /// <summary>Binds with options of this listener. Null uses those of the endpoint, or else the engine's.</summary>
    /// <exception cref="AddressInUseException">Another listener, or another process, has the address.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of bounds.</exception>
    /// <exception cref="NotSupportedException">The transport does not bind endpoints of this type.</exception>
    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, UtpListenerOptions? listenerOptions, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        var requested = endpoint switch
        {
            UtpEndPoint utp => utp,
            IPEndPoint ip when IsPlain(endpoint) => new UtpEndPoint(ip),
            _ => throw new NotSupportedException(
                $"The uTP transport binds UtpEndPoint and IPEndPoint, not {endpoint.GetType().Name} ({endpoint}). Pass new UtpEndPoint(address, port)."),
        };
        var effective = (listenerOptions ?? requested.ListenerOptions) is { } given
            ? OptionSnapshot.TakeMerged(OptionKeys.Listener, new UtpListenerOptions(given), engine.DefaultOptions, nameof(listenerOptions))
            : engine.DefaultOptions;
        if (requested.IPEndPoint is { } address)
        {
            return await BindAsync(address, effective, isPlain: endpoint is IPEndPoint, requested.ListenerName, cancellationToken).ConfigureAwait(false);
        }

        return await BindNameAsync(requested, effective, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gets whether an endpoint is only an address and a port. A class that derives from <see cref="IPEndPoint"/> means more.</summary>
    private static bool IsPlain(EndPoint endpoint) => endpoint.GetType() == typeof(IPEndPoint);

    private ValueTask<UtpConnectionListener> BindAsync(
        IPEndPoint address, UtpListenerOptions effective, bool isPlain, string? name, CancellationToken cancellationToken) => engine.BindAsync(
        address, effective, bound => isPlain ? bound : new UtpEndPoint(bound) { ListenerName = name }, leases: null, cancellationToken);

    /// <summary>Binds the first address of a host name that can be bound, because a listener has one endpoint.</summary>
    private async ValueTask<IConnectionListener> BindNameAsync(UtpEndPoint requested, UtpListenerOptions effective, CancellationToken cancellationToken)
    {
        var addresses = await HostNames.ResolveAsync(requested.Host, AddressFamily.Unspecified, cancellationToken).ConfigureAwait(false);
        SocketException? notHere = null;
        foreach (var address in addresses)
        {
            try
            {
                var local = new IPEndPoint(address, requested.Port);
                return await BindAsync(local, effective, isPlain: false, requested.ListenerName, cancellationToken).ConfigureAwait(false);
            }
            catch (SocketException e)
            {
                notHere = e;
            }
        }

        throw notHere ?? UtpErrors.HostNotFound(requested.Host);
    }
}

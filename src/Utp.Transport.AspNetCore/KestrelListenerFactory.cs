using System.Net;
using Microsoft.AspNetCore.Connections;
using Utp.Transport.Hosting.Configuration;
using Utp.Transport.Hosting.Servers;

namespace Utp.Transport.AspNetCore;

/// <summary>
/// The listener factory for Kestrel. Kestrel would report an address in use as <c>http://host:port</c>, which reads like TCP. So this class throws
/// the same kind of exception as Kestrel, with the uTP address and the configuration key that changes it.
/// </summary>
internal sealed class KestrelListenerFactory(UtpServerListenerFactory factory, UtpListenerEndpoints endpoints)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    public bool CanBind(EndPoint endpoint) => factory.CanBind(endpoint);

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        try
        {
            return await factory.BindAsync(endpoint, cancellationToken).ConfigureAwait(false);
        }
        catch (AddressInUseException exception)
        {
            var utp = endpoint as UtpEndPoint ?? new UtpEndPoint((IPEndPoint)endpoint);
            var remedy = utp.ListenerName is { } name ? $"set {endpoints.UrlKey(name)} to another port" : "listen on another port";
            throw new IOException(
                $"Failed to bind to address {utp.ToUriString()}: the UDP port is already in use. Stop the program that has it, or {remedy}.",
                exception);
        }
    }
}

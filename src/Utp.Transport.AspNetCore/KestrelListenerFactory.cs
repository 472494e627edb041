using System.Net;
using Microsoft.AspNetCore.Connections;
using Utp.Transport.Hosting.Servers;

namespace Utp.Transport.AspNetCore;

/// <summary>
/// The listener factory for Kestrel. Kestrel would report an address in use as <c>http://host:port</c>, which reads like TCP. So this class throws
/// the same kind of exception as Kestrel, with the uTP address and the configuration key that changes it.
/// </summary>
internal sealed class KestrelListenerFactory(UtpServerListenerFactory factory, BindErrors errors)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    public bool CanBind(EndPoint endpoint) => factory.CanBind(endpoint);

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        try
        {
            return await factory.BindAsync(endpoint, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (BindErrors.AreExplained(exception))
        {
            throw errors.Explain(null, endpoint as UtpEndPoint ?? new UtpEndPoint((IPEndPoint)endpoint), exception);
        }
    }
}

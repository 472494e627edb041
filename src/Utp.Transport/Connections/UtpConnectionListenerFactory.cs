using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using Utp.Transport.Engine;

namespace Utp.Transport;

/// <summary>
/// Binds <see cref="UtpEndPoint"/>s, and plain <see cref="IPEndPoint"/>s when <see cref="UtpTransportOptions.ClaimIPEndPoints"/> says so.
/// </summary>
internal sealed class UtpConnectionListenerFactory : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    /// <param name="engine">Whose sockets are used.</param>
    /// <param name="options">The engine's options.</param>
    /// <param name="optionsOf">Options of a configured endpoint, asked with the endpoint given to bind; null takes the engine's.</param>
    public UtpConnectionListenerFactory(
        UtpEngine engine,
        IOptions<UtpTransportOptions> options,
        Func<UtpEndPoint, UtpListenerOptions?>? optionsOf = null)
    {
    }

    public bool CanBind(EndPoint endpoint) => throw new NotImplementedException();

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>Binds with options of this one listener.</summary>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, UtpListenerOptions? options, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();
}

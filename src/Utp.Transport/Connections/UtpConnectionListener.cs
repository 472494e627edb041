using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Utp.Transport;

internal sealed class UtpConnectionListener : IConnectionListener
{
    /// <summary>A <see cref="UtpEndPoint"/> with the port really bound.</summary>
    public EndPoint EndPoint => throw new NotImplementedException();

    public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();

    public ValueTask DisposeAsync() => throw new NotImplementedException();
}

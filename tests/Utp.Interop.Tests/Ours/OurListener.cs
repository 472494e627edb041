using System.Net;
using Microsoft.AspNetCore.Connections;
using Utp.Transport;

namespace Utp.Interop.Tests.Ours;

internal sealed class OurListener(IConnectionListener listener) : IAsyncDisposable
{
    public IPEndPoint EndPoint => ((UtpEndPoint)listener.EndPoint).IPEndPoint!;

    public async Task<OurConnection> AcceptAsync()
    {
        var connection = await listener.AcceptAsync().AsTask().WaitAsync(OurHost.Patience);
        return new OurConnection(connection ?? throw new InvalidOperationException("The listener was unbound."));
    }

    /// <summary>Stops listening; the UDP socket stays open for its connections.</summary>
    public Task UnbindAsync() => listener.UnbindAsync().AsTask().WaitAsync(OurHost.Patience);

    public ValueTask DisposeAsync() => listener.DisposeAsync();
}

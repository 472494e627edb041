using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Utp.Transport;

namespace Utp.Interop.Tests.Ours;

/// <summary>Our side, through the public API that a program would use.</summary>
internal sealed class OurHost : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ServiceProvider _services;

    public OurHost(Action<UtpTransportOptions>? configure = null)
    {
        var services = new ServiceCollection();
        services.AddUtp(options =>
        {
            // Half-close is part of the tests.
            options.CloseOnPeerFinish = false;
            configure?.Invoke(options);
        });
        _services = services.BuildServiceProvider();
    }

    public async Task<OurListener> ListenAsync(IPAddress? address = null, int port = 0)
    {
        var factory = _services.GetRequiredService<IUtpConnectionListenerFactory>();
        return new OurListener(await factory.BindAsync(new UtpEndPoint(address ?? IPAddress.Loopback, port)).AsTask().WaitAsync(Patience));
    }

    public async Task<OurConnection> ConnectAsync(IPEndPoint to)
    {
        var factory = _services.GetRequiredService<IUtpConnectionFactory>();
        return new OurConnection(await factory.ConnectAsync(to).AsTask().WaitAsync(Patience));
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}

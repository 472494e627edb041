using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Utp.Consumers.Tests;

/// <summary>A web application on one endpoint of one wire, and what its clients connect with.</summary>
internal sealed class WebServer : IAsyncDisposable
{
    /// <summary>Keeps a test from hanging; nothing is expected to take so long.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Wire _wire;

    // Clients have an engine of their own, as in another process.
    private readonly ServiceProvider _clients = new ServiceCollection().AddUtp().Services.BuildServiceProvider();

    private WebServer(Wire wire, WebApplication app)
    {
        _wire = wire;
        App = app;
    }

    public WebApplication App { get; }

    public IUtpConnectionFactory Utp => _clients.GetRequiredService<IUtpConnectionFactory>();

    /// <summary>Gets the address in the form http://127.0.0.1:port/, on either wire.</summary>
    public Uri Address => new(App.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single() + '/');

    public IPEndPoint EndPoint => new(IPAddress.Loopback, Address.Port);

    public static async Task<WebServer> StartAsync(
        Wire wire, Action<WebApplicationBuilder> configure, Action<WebApplication> map, Action<ListenOptions>? listen = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUtp().ConfigureKestrel(kestrel =>
        {
            if (wire == Wire.Utp)
            {
                kestrel.ListenUtp(IPAddress.Loopback, 0, listen ?? (_ => { }));
            }
            else
            {
                kestrel.Listen(IPAddress.Loopback, 0, listen ?? (_ => { }));
            }
        });
        configure(builder);
        var app = builder.Build();
        map(app);
        await app.StartAsync().WaitAsync(Patience);
        return new WebServer(wire, app);
    }

    /// <summary>Creates a handler that dials the wire of this server.</summary>
    public SocketsHttpHandler CreateHandler()
    {
        var handler = new SocketsHttpHandler();
        return _wire == Wire.Utp ? handler.OverUtp(Utp) : handler;
    }

    public HttpClient CreateClient(Version? version = null) => new(CreateHandler())
    {
        BaseAddress = Address,
        Timeout = Patience,
        DefaultRequestVersion = version ?? HttpVersion.Version11,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    public async Task<Stream> ConnectAsync()
    {
        if (_wire == Wire.Utp)
        {
            return new UtpStream(await Utp.ConnectAsync(EndPoint).AsTask().WaitAsync(Patience));
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(EndPoint).WaitAsync(Patience);
        return new NetworkStream(socket, ownsSocket: true);
    }

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync().AsTask().WaitAsync(Patience);
        await _clients.DisposeAsync().AsTask().WaitAsync(Patience);
    }
}

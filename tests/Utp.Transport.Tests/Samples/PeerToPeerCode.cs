using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Utp.Transport.Tests.Samples;

/// <summary>A host as docs/peer-to-peer.md builds it, with handlers that do nothing.</summary>
internal static class PeerToPeerCode
{
    public static IHost BuildHost(string[] args)
    {
        var builder = Host.CreateApplicationBuilder(args);
        builder.Services.AddUtp()
            .AddListener("peers", UtpEndPoint.Parse("utp://[::]:6881"), connection => connection.UseConnectionHandler<PeerHandler>())
            .AddClient("peers", options => options.LocalListener = "peers"); // or Utp:Clients:peers:LocalListener in the configuration
        builder.Services.AddSingleton<INonUtpDatagramHandler, DhtHandler>();
        builder.Services.AddSingleton<IUtpAcceptFilter, BlockList>();

        return builder.Build();
    }

    internal sealed class PeerHandler : ConnectionHandler
    {
        public override Task OnConnectedAsync(ConnectionContext connection) => Task.CompletedTask;
    }

    internal sealed class DhtHandler : INonUtpDatagramHandler
    {
        public void OnDatagram(IPEndPoint local, IPEndPoint remote, ReadOnlySpan<byte> datagram)
        {
        }
    }

    internal sealed class BlockList : IUtpAcceptFilter
    {
        public bool Accepts(IPEndPoint local, IPEndPoint remote) => true;
    }
}

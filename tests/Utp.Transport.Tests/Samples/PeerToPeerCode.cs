using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Utp.Transport.Tests.Samples;

/// <summary>The pieces of code of docs/peer-to-peer.md that are not in the sample, so that the compiler checks them too.</summary>
internal static class PeerToPeerCode
{
    public static IHost BuildHost(string[] args)
    {
        // PAGE
        var builder = Host.CreateApplicationBuilder(args);
        builder.Services.AddUtp()
            .AddListener("peers", UtpEndPoint.Parse("utp://[::]:6881"), connection => connection.UseConnectionHandler<PeerHandler>())
            .AddClient("peers", options => options.LocalListener = "peers"); // or Utp:Clients:peers:LocalListener in the configuration
        builder.Services.AddSingleton<INonUtpDatagramHandler, DhtHandler>();
        builder.Services.AddSingleton<IUtpAcceptFilter, BlockList>();

        // End
        return builder.Build();
    }

    public static Task<UtpStream?> RendezvousAsync(UtpSocket socket, byte[] payload, bool isMine)
    {
        // PAGE
        static async Task<UtpStream?> OnHolePunchAsync(UtpSocket socket, byte[] payload, bool isMine)
        {
            if (!UtpHolePunchMessage.TryParse(payload, out var message) || message.Type != UtpHolePunchMessageType.Connect)
            {
                return null;
            }

            // The peer that sent the request for this rendezvous is the initiator.
            return await socket.RendezvousAsync(message.EndPoint, isMine ? UtpRendezvousRole.Initiator : UtpRendezvousRole.Target);
        }

        // End
        return OnHolePunchAsync(socket, payload, isMine);
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

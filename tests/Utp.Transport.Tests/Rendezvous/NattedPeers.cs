using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Utp.Transport.Engine;
using Utp.Transport.Tests.Datagrams;

namespace Utp.Transport.Tests.Rendezvous;

/// <summary>Two sockets on an in-process network, each behind a NAT of its own, and the endpoints at which others see them.</summary>
internal sealed class NattedPeers : IAsyncDisposable
{
    private NattedPeers(PortRestrictedNats nats, UtpSocket a, UtpSocket b)
    {
        (Nats, A, B) = (nats, a, b);
        OutsideOfA = nats.Hide(a.LocalEndPoint);
        OutsideOfB = nats.Hide(b.LocalEndPoint);
    }

    public PortRestrictedNats Nats { get; }

    public UtpSocket A { get; }

    public UtpSocket B { get; }

    public IPEndPoint OutsideOfA { get; }

    public IPEndPoint OutsideOfB { get; }

    public static async Task<NattedPeers> CreateAsync()
    {
        var nats = new PortRestrictedNats();
        var network = new InProcessDatagramNetwork(seed: 1, LinkImpairments.None) { Nats = nats };
        return new NattedPeers(nats, await BindAsync(network), await BindAsync(network));
    }

    public async ValueTask DisposeAsync() => await Task.WhenAll(A.DisposeAsync().AsTask(), B.DisposeAsync().AsTask());

    private static async Task<UtpSocket> BindAsync(InProcessDatagramNetwork network)
    {
        var engine = new UtpEngine(
            Microsoft.Extensions.Options.Options.Create(new UtpTransportOptions { Shards = 1 }), NullLoggerFactory.Instance, TimeProvider.System)
        {
            OpenChannels = (local, _, _, clock, _) => [network.Open(local.Port, clock)],
        };
        var local = new UtpEndPoint(IPAddress.Loopback, 0);
        return await UtpSocket.BindAsync(local, new UtpSocketOptions(), new UtpListenerOptions(), engine, CancellationToken.None);
    }
}

using System.Net;
using Utp.Interop.Tests.Ours;
using Utp.Interop.Tests.Peers;
using Utp.Interop.Tests.Relay;
using Utp.Transport;

namespace Utp.Interop.Tests.Harness;

/// <summary>One connection between libutp and us, established and confirmed, with a relay in between when the path is impaired.</summary>
internal sealed class Meeting : IAsyncDisposable
{
    private readonly OurListener? _listener;

    private Meeting(LibutpPeer peer, OurHost host, OurListener? listener, DatagramRelay? relay, OurConnection ours, PeerConnection theirs)
    {
        _listener = listener;
        (Peer, Host, Relay, Ours, Theirs) = (peer, host, relay, ours, theirs);
    }

    public LibutpPeer Peer { get; }

    public OurHost Host { get; }

    /// <summary>Null on a clean path.</summary>
    public DatagramRelay? Relay { get; }

    public OurConnection Ours { get; }

    public PeerConnection Theirs { get; }

    /// <summary>
    /// Connects. The dialling side sends one byte first: a libutp acceptor sends nothing until it has received data, and a libutp initiator confirms
    /// only with its first data.
    /// </summary>
    public static async Task<Meeting> StartAsync(
        Dialler dialler, Impairment? path = null, int seed = 1, IPAddress? ourAddress = null, Action<UtpTransportOptions>? configure = null)
    {
        var peer = await LibutpPeer.StartAsync(isListening: true);
        var host = new OurHost(configure);
        var isRelayed = path is not null && path != Impairment.None;
        if (dialler == Dialler.WeDial)
        {
            var relay = isRelayed || ourAddress is not null ? new DatagramRelay(peer.EndPoint, path ?? Impairment.None, seed, ourAddress) : null;
            var ours = await host.ConnectAsync(relay?.EndPoint ?? peer.EndPoint);
            await ours.SendAsync(1, 1);
            var theirs = await peer.AcceptAsync();
            Assert.Equal(1, (await theirs.ReceiveAsync(1)).ReceivedBytes);
            return new Meeting(peer, host, null, relay, ours, theirs);
        }
        else
        {
            var listener = await host.ListenAsync(ourAddress);
            var relay = isRelayed || ourAddress is not null ? new DatagramRelay(listener.EndPoint, path ?? Impairment.None, seed) : null;
            var theirs = await peer.ConnectAsync(relay?.EndPoint ?? listener.EndPoint);
            await theirs.SendAsync(1, 1);
            var ours = await listener.AcceptAsync();
            Assert.Equal(1, (await ours.ReceiveAsync(1)).Bytes);
            return new Meeting(peer, host, listener, relay, ours, theirs);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Ours.DisposeAsync();
        if (_listener is not null)
        {
            await _listener.DisposeAsync();
        }

        // The peer ends after our host, so that the last bytes and FINs are acknowledged.
        await Host.DisposeAsync();
        await Peer.DisposeAsync();
        Relay?.Dispose();
    }
}

using System.Net;
using System.Net.Sockets;
using Utp.Interop.Tests.Harness;
using Utp.Interop.Tests.Ours;
using Utp.Interop.Tests.Peers;
using Utp.Interop.Tests.Relay;

namespace Utp.Interop.Tests.Exchanges;

/// <summary>Connects to an address without a listener.</summary>
public sealed class RefusalTests
{
    [PeerFact]
    public async Task Connect_TheyDialWhereWeStoppedListening_AreRefusedByReset()
    {
        await using var host = new OurHost();
        await using var listener = await host.ListenAsync();

        // A connection keeps the UDP socket open, without a listener.
        await using var first = await LibutpPeer.StartAsync(isListening: false);
        var theirs = await first.ConnectAsync(listener.EndPoint);
        await theirs.SendAsync(1, 1);
        await using var ours = await listener.AcceptAsync();
        await listener.UnbindAsync();

        var refused = await Assert.ThrowsAsync<PeerException>(() => first.ConnectAsync(listener.EndPoint).WaitAsync(OurHost.Patience));

        // libutp overwrites its state before it reads it, and so reports a reset instead of a refusal. Silence would be UTP_ETIMEDOUT.
        Assert.Equal("UTP_ECONNRESET", refused.Message);
        await theirs.SendAsync(2, 1_000);
        Assert.Equal(1_001, (await ours.ReceiveAsync(1_001).WaitAsync(OurHost.Patience)).Bytes);
        InteropTable.Record("refused: our socket does not listen", Dialler.TheyDial, Paths.Clean);
    }

    [PeerFact]
    public async Task Connect_WeDialALibutpThatDoesNotListen_TimesOut()
    {
        await using var peer = await LibutpPeer.StartAsync(isListening: false);
        await using var host = new OurHost(options => options.ConnectTimeout = TimeSpan.FromSeconds(2));

        // libutp's firewall callback drops requests silently.
        var failure = await Assert.ThrowsAsync<SocketException>(() => host.ConnectAsync(peer.EndPoint));

        Assert.Equal(SocketError.TimedOut, failure.SocketErrorCode);
        InteropTable.Record("refused: their socket does not listen (silence, so a timeout)", Dialler.WeDial, Paths.Clean);
    }

    [PeerFact]
    public async Task Connect_WeDialWhereTheirProcessHasEnded_IsRefusedBySystem()
    {
        var peer = await LibutpPeer.StartAsync(isListening: true);
        var gone = new IPEndPoint(IPAddress.Loopback, peer.EndPoint.Port);
        peer.Kill();
        await peer.DisposeAsync();
        await using var host = new OurHost(options => options.ConnectTimeout = TimeSpan.FromSeconds(2));

        var failure = await Assert.ThrowsAsync<SocketException>(() => host.ConnectAsync(gone));

        // The host's report (ICMP) can be read only on Linux.
        Assert.Equal(OperatingSystem.IsLinux() ? SocketError.ConnectionRefused : SocketError.TimedOut, failure.SocketErrorCode);
        InteropTable.Record("refused: their process has ended (ICMP)", Dialler.WeDial, Paths.Clean);
    }
}

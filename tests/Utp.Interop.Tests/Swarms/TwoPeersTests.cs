using System.Diagnostics;
using System.Net;
using Utp.Interop.Tests.Harness;
using Utp.Interop.Tests.Peers;

namespace Utp.Interop.Tests.Swarms;

/// <summary>A libtorrent leecher dials our relay, which dials a libtorrent seed.</summary>
[Collection(AloneCollection.Name)]
public sealed class TwoPeersTests
{
    private const int Pieces = 192;

    [TorrentTheory]
    [InlineData(false, "127.0.0.2", "127.0.0.1")]
    [InlineData(true, "127.0.0.2", "127.0.0.1")]
    [InlineData(false, "::1", "::1")]
    [InlineData(true, "::1", "::1")]
    [InlineData(false, "::1", "127.0.0.1")]
    public async Task Leecher_GetsEverything_ThroughTheRelay(bool isEncrypted, string leecherAddress, string seedAddress)
    {
        var (from, to) = (IPAddress.Parse(leecherAddress), IPAddress.Parse(seedAddress));
        using var torrent = new Torrent(Pieces, seed: 31);
        var folder = torrent.AddEmptyFolder();
        await using var seed = await LibtorrentPeer.StartAsync(torrent, torrent.AddFolder(..), to, isEncrypted);
        await using var leecher = await LibtorrentPeer.StartAsync(torrent, folder, from, isEncrypted, dials: true);
        await using var relay = await StreamRelay.StartAsync(seed.EndPoint, new IPEndPoint(from.Equals(IPAddress.IPv6Loopback) ? from : IPAddress.Loopback, 0));
        Assert.Equal((Pieces, 0), (seed.PiecesAtStart, leecher.PiecesAtStart));
        var watch = Stopwatch.StartNew();

        await leecher.ConnectAsync(relay.EndPoint);
        await relay.ExplainAsync(leecher.WaitForPiecesAsync(Pieces));

        var elapsed = watch.Elapsed;
        torrent.AssertComplete(folder);
        Assert.InRange(relay.ToDialler, torrent.Bytes, torrent.Bytes * 11 / 10);
        await SwarmAssert.HasDialledAsync(leecher, isEncrypted, relay);
        await SwarmAssert.WasDialledByAsync(relay, seed, isEncrypted);
        InteropTable.RecordRelayed(
            LibtorrentPeer.Name, $"a leecher on {leecherAddress}, a seed on {seedAddress}{(isEncrypted ? ", encrypted" : "")}", torrent.Bytes, elapsed);
    }

    [TorrentFact]
    public async Task Halves_AreExchangedBothWaysAtOnce()
    {
        using var torrent = new Torrent(Pieces, seed: 32);
        var (first, second) = (torrent.AddFolder(..(Pieces / 2)), torrent.AddFolder((Pieces / 2)..));
        await using var dialled = await LibtorrentPeer.StartAsync(torrent, first, IPAddress.Loopback);
        await using var dialler = await LibtorrentPeer.StartAsync(torrent, second, IPAddress.Parse("127.0.0.2"), dials: true);
        await using var relay = await StreamRelay.StartAsync(dialled.EndPoint);
        Assert.Equal((Pieces / 2, Pieces / 2), (dialled.PiecesAtStart, dialler.PiecesAtStart));
        var watch = Stopwatch.StartNew();

        await dialler.ConnectAsync(relay.EndPoint);
        await relay.ExplainAsync(Task.WhenAll(dialler.WaitForPiecesAsync(Pieces), dialled.WaitForPiecesAsync(Pieces)));

        var elapsed = watch.Elapsed;
        torrent.AssertComplete(first);
        torrent.AssertComplete(second);
        Assert.InRange(Math.Min(relay.ToDialler, relay.ToTarget), torrent.Bytes / 2, torrent.Bytes);
        await SwarmAssert.HasDialledAsync(dialler, isEncrypted: false, relay);
        await SwarmAssert.WasDialledByAsync(relay, dialled, isEncrypted: false);
        InteropTable.RecordRelayed(LibtorrentPeer.Name, "two peers with half each, both ways at once", torrent.Bytes, elapsed);
    }
}

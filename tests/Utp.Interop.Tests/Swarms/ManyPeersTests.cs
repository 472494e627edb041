using System.Diagnostics;
using System.Net;
using Utp.Interop.Tests.Harness;
using Utp.Interop.Tests.Peers;

namespace Utp.Interop.Tests.Swarms;

/// <summary>One libtorrent peer and eight others, with our relay between them.</summary>
[Collection(AloneCollection.Name)]
public sealed class ManyPeersTests
{
    private const int Pieces = 128;
    private const int Others = 8;

    private static readonly IPAddress LeecherAddress = IPAddress.Parse("127.0.0.2");

    [TorrentFact]
    public async Task OneLeecher_WithEightSeeds_GetsEverythingThroughTheRelay()
    {
        using var torrent = new Torrent(Pieces, seed: 33);
        var folder = torrent.AddEmptyFolder();
        var seeds = await Task.WhenAll(Enumerable.Range(0, Others).Select(_ => LibtorrentPeer.StartAsync(torrent, torrent.AddFolder(..), IPAddress.Loopback)));
        var relays = await Task.WhenAll(seeds.Select(seed => StreamRelay.StartAsync(seed.EndPoint, holdAfter: 1)));
        var leecher = await LibtorrentPeer.StartAsync(torrent, folder, LeecherAddress, dials: true);
        await using var disposal = new Disposal([leecher, .. relays, .. seeds]);
        var watch = Stopwatch.StartNew();

        // Each relay holds after the seed's first bytes until all are connected. Otherwise some seeds may come too late.
        await Task.WhenAll(relays.Select(relay => leecher.ConnectAsync(relay.EndPoint)));
        await Task.WhenAll(relays.Select(relay => relay.Held.WaitAsync(LongTests.TransferPatience)));
        Array.ForEach(relays, relay => relay.Release());
        await leecher.WaitForPiecesAsync(Pieces);

        var elapsed = watch.Elapsed;
        torrent.AssertComplete(folder);
        Assert.InRange(relays.Sum(relay => relay.ToDialler), torrent.Bytes, torrent.Bytes * 3 / 2);
        await SwarmAssert.HasDialledAsync(leecher, isEncrypted: false, relays);
        InteropTable.RecordRelayed(LibtorrentPeer.Name, "one leecher, eight seeds", torrent.Bytes, elapsed);
    }

    [TorrentFact]
    public async Task EightLeechers_WithOneSeed_GetEverythingThroughTheRelay()
    {
        using var torrent = new Torrent(Pieces, seed: 34);
        var folders = Enumerable.Range(0, Others).Select(_ => torrent.AddEmptyFolder()).ToArray();
        var seed = await LibtorrentPeer.StartAsync(torrent, torrent.AddFolder(..), IPAddress.Loopback);
        var relay = await StreamRelay.StartAsync(seed.EndPoint);
        var leechers = await Task.WhenAll(folders.Select(folder => LibtorrentPeer.StartAsync(torrent, folder, LeecherAddress, dials: true)));
        await using var disposal = new Disposal([.. leechers, relay, seed]);
        var watch = Stopwatch.StartNew();

        await Task.WhenAll(leechers.Select(leecher => leecher.ConnectAsync(relay.EndPoint)));
        await Task.WhenAll(leechers.Select(leecher => leecher.WaitForPiecesAsync(Pieces)));

        var elapsed = watch.Elapsed;
        Assert.All(folders, torrent.AssertComplete);
        Assert.Equal(Others, relay.Streams.Count);
        Assert.All(relay.Streams, stream => Assert.InRange(stream.ToDialler, torrent.Bytes, torrent.Bytes * 11 / 10));
        foreach (var leecher in leechers)
        {
            await SwarmAssert.HasDialledAsync(leecher, isEncrypted: false, relay);
        }

        await SwarmAssert.WasDialledByAsync(relay, seed, isEncrypted: false);
        InteropTable.RecordRelayed(LibtorrentPeer.Name, "eight leechers, one seed", torrent.Bytes, elapsed);
    }

    private sealed class Disposal(IAsyncDisposable[] peers) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await Task.WhenAll(peers.Select(peer => peer.DisposeAsync().AsTask()));
    }
}

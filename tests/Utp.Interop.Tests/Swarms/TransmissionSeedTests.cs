using System.Diagnostics;
using System.Net;
using Utp.Interop.Tests.Harness;
using Utp.Interop.Tests.Peers;

namespace Utp.Interop.Tests.Swarms;

/// <summary>A libtorrent leecher dials our relay, which dials a Transmission seed.</summary>
[Collection(AloneCollection.Name)]
public sealed class TransmissionSeedTests
{
    private const int Pieces = 64;

    [TorrentTheory(NeedsTransmission = true)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Leecher_GetsEverything_FromTransmission(bool isEncrypted)
    {
        using var torrent = new Torrent(Pieces, seed: 36);
        var folder = torrent.AddEmptyFolder();
        await using var seed = await TransmissionPeer.StartAsync(torrent, torrent.AddFolder(..), isEncrypted);
        await using var leecher = await LibtorrentPeer.StartAsync(torrent, folder, IPAddress.Parse("127.0.0.2"), isEncrypted, dials: true);
        await using var relay = await StreamRelay.StartAsync(seed.EndPoint);
        Assert.Equal((torrent.Bytes, 0), (seed.BytesAtStart, leecher.PiecesAtStart));
        var watch = Stopwatch.StartNew();

        await leecher.ConnectAsync(relay.EndPoint);
        await relay.ExplainAsync(leecher.WaitForPiecesAsync(Pieces / 2));
        await SwarmAssert.WasDialledByAsync(relay, seed, isEncrypted);
        await relay.ExplainAsync(leecher.WaitForPiecesAsync(Pieces));

        var elapsed = watch.Elapsed;
        torrent.AssertComplete(folder);
        Assert.InRange(relay.ToDialler, torrent.Bytes, torrent.Bytes * 11 / 10);
        await SwarmAssert.HasDialledAsync(leecher, isEncrypted, relay);
        InteropTable.RecordRelayed(
            TransmissionPeer.Name, $"a libtorrent leecher dials, Transmission seeds{(isEncrypted ? ", encrypted" : "")}", torrent.Bytes, elapsed);
    }
}

using System.Diagnostics;
using System.Net;
using Utp.Interop.Tests.Harness;
using Utp.Interop.Tests.Peers;

namespace Utp.Interop.Tests.Swarms;

/// <summary>A libtorrent peer dials our relay, which dials a Transmission leecher: Transmission itself dials no loopback address.</summary>
[Collection(AloneCollection.Name)]
public sealed class TransmissionLeecherTests
{
    private const int Pieces = 64;

    [TorrentTheory(NeedsTransmission = true)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Transmission_GetsEverything_FromASeed(bool isEncrypted)
    {
        using var torrent = new Torrent(Pieces, seed: 37);
        var folder = torrent.AddEmptyFolder();
        await using var leecher = await TransmissionPeer.StartAsync(torrent, folder, isEncrypted);
        await using var seed = await LibtorrentPeer.StartAsync(torrent, torrent.AddFolder(..), IPAddress.Parse("127.0.0.2"), isEncrypted, dials: true);
        await using var relay = await StreamRelay.StartAsync(leecher.EndPoint);
        Assert.Equal((Pieces, 0), (seed.PiecesAtStart, leecher.BytesAtStart));
        var watch = Stopwatch.StartNew();

        await seed.ConnectAsync(relay.EndPoint);
        await relay.ExplainAsync(leecher.WaitUntilCompleteAsync());

        var elapsed = watch.Elapsed;
        torrent.AssertComplete(folder);
        Assert.InRange(relay.ToTarget, torrent.Bytes, torrent.Bytes * 11 / 10);
        await SwarmAssert.HasDialledAsync(seed, isEncrypted, relay);
        InteropTable.RecordRelayed(
            TransmissionPeer.Name, $"a libtorrent seed dials, Transmission downloads{(isEncrypted ? ", encrypted" : "")}", torrent.Bytes, elapsed);
    }

    [TorrentTheory(NeedsTransmission = true)]
    [InlineData(true)]
    public async Task Halves_AreExchangedWithTransmission_BothWaysAtOnce(bool isEncrypted)
    {
        using var torrent = new Torrent(Pieces, seed: 38);
        var (theirs, dialling) = (torrent.AddFolder(..(Pieces / 2)), torrent.AddFolder((Pieces / 2)..));
        await using var dialled = await TransmissionPeer.StartAsync(torrent, theirs, isEncrypted);
        await using var dialler = await LibtorrentPeer.StartAsync(torrent, dialling, IPAddress.Parse("127.0.0.2"), isEncrypted, dials: true);
        await using var relay = await StreamRelay.StartAsync(dialled.EndPoint);
        Assert.Equal((torrent.Bytes / 2, Pieces / 2), (dialled.BytesAtStart, dialler.PiecesAtStart));
        var watch = Stopwatch.StartNew();

        await dialler.ConnectAsync(relay.EndPoint);
        await relay.ExplainAsync(Task.WhenAll(dialler.WaitForPiecesAsync(Pieces), dialled.WaitUntilCompleteAsync()));

        var elapsed = watch.Elapsed;
        torrent.AssertComplete(theirs);
        torrent.AssertComplete(dialling);
        Assert.InRange(Math.Min(relay.ToDialler, relay.ToTarget), torrent.Bytes / 2, torrent.Bytes);
        await SwarmAssert.HasDialledAsync(dialler, isEncrypted, relay);
        InteropTable.RecordRelayed(TransmissionPeer.Name, "libtorrent and Transmission with half each, both ways at once, encrypted", torrent.Bytes, elapsed);
    }
}

using System.Diagnostics;
using System.Net;
using Utp.Interop.Tests.Harness;
using Utp.Interop.Tests.Ours;
using Utp.Interop.Tests.Peers;

namespace Utp.Interop.Tests.Swarms;

/// <summary>The process of the relay is killed half-way, and another one takes its port.</summary>
[Collection(AloneCollection.Name)]
public sealed class RelayRestartTests
{
    private const int Pieces = 128;

    [TorrentFact]
    public async Task RelayKilledHalfway_AndStartedAgain_TheLeecherGetsTheRest()
    {
        using var torrent = new Torrent(Pieces, seed: 35);
        var folder = torrent.AddEmptyFolder();
        var half = torrent.Bytes / 2;
        await using var seed = await LibtorrentPeer.StartAsync(torrent, torrent.AddFolder(..), IPAddress.Loopback);

        // After two seconds of silence the leecher sends something. The second relay does not know that connection and resets it.
        await using var leecher = await LibtorrentPeer.StartAsync(
            torrent, folder, IPAddress.Parse("127.0.0.2"), dials: true, silence: TimeSpan.FromSeconds(4));
        using var first = await OurProcess.StartRelayAsync(IPAddress.Parse("127.0.0.3"), seed.EndPoint, half);
        var watch = Stopwatch.StartNew();

        await leecher.ConnectAsync(first.EndPoint);
        await first.WaitUntilHeldAsync();
        first.Kill();
        await using var second = await StreamRelay.StartAsync(seed.EndPoint, first.EndPoint);
        await leecher.WaitForPiecesAsync(Pieces);

        var elapsed = watch.Elapsed;
        torrent.AssertComplete(folder);
        Assert.InRange(second.ToDialler, half - StreamRelay.BufferBytes, torrent.Bytes * 11 / 10);
        await SwarmAssert.HasDialledAsync(leecher, isEncrypted: false, second);
        InteropTable.RecordRelayed(LibtorrentPeer.Name, "the relay is killed half-way and started again", torrent.Bytes, elapsed);
    }
}

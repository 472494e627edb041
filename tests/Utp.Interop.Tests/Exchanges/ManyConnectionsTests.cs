using System.Diagnostics;
using Utp.Interop.Tests.Harness;
using Utp.Interop.Tests.Ours;
using Utp.Interop.Tests.Peers;
using Utp.Interop.Tests.Relay;

namespace Utp.Interop.Tests.Exchanges;

/// <summary>Many connections between one UDP socket on each side, all transferring at the same time.</summary>
[Collection(AloneCollection.Name)]
public sealed class ManyConnectionsTests
{
    private const int Count = 100;
    private const long Bytes = 64 * 1024;

    [PeerFact]
    public async Task Connections_HundredFromOurOneSocket_AllArriveHashEqual()
    {
        await using var peer = await LibutpPeer.StartAsync(isListening: true);
        await using var host = new OurHost();
        var watch = Stopwatch.StartNew();

        await Task.WhenAll(Enumerable.Range(0, Count).Select(async _ =>
        {
            var ours = await host.ConnectAsync(peer.EndPoint);
            await ExchangeAsync(ours, await AcceptAsync(peer, ours));
        })).WaitAsync(LongTests.TransferPatience);

        InteropTable.Record($"{Count} connections on one socket, both ways", Dialler.WeDial, Paths.Clean, Bytes, watch.Elapsed);
    }

    [PeerFact]
    public async Task Connections_HundredFromTheirOneSocket_AllArriveHashEqual()
    {
        await using var peer = await LibutpPeer.StartAsync(isListening: false);
        await using var host = new OurHost();
        await using var listener = await host.ListenAsync();
        var watch = Stopwatch.StartNew();

        var dialled = await Task.WhenAll(Enumerable.Range(0, Count).Select(_ => peer.ConnectAsync(listener.EndPoint)));
        await Task.WhenAll(dialled.Select((theirs, i) => theirs.SendAsync(SeedOf(i), Bytes)));
        var accepted = await Task.WhenAll(Enumerable.Range(0, Count).Select(_ => listener.AcceptAsync()));

        // The order of acceptance is random: the received bytes identify the connection.
        var expected = Enumerable.Range(0, Count).ToDictionary(i => PayloadSource.Sha256Of(SeedOf(i), Bytes));
        await Task.WhenAll(accepted.Select(async ours =>
        {
            var received = await ours.ReceiveAsync(Bytes);
            Assert.True(expected.TryGetValue(received.Sha256, out var index), "what arrived was sent");
            await ReturnAsync(ours, dialled[index], index);
        })).WaitAsync(LongTests.TransferPatience);

        InteropTable.Record($"{Count} connections on one socket, both ways", Dialler.TheyDial, Paths.Clean, Bytes, watch.Elapsed);
    }

    private static uint SeedOf(int index) => (uint)index + 100;

    private static async Task<PeerConnection> AcceptAsync(LibutpPeer peer, OurConnection ours)
    {
        await ours.SendAsync(1, 1);
        return await peer.AcceptAsync();
    }

    /// <summary>
    /// Exchanges bytes. Ours and theirs may belong to different connections, since acceptance is in any order: each end only checks what it receives.
    /// </summary>
    private static async Task ExchangeAsync(OurConnection ours, PeerConnection theirs)
    {
        Assert.Equal(1, (await theirs.ReceiveAsync(1)).ReceivedBytes);
        var there = theirs.ReceiveAsync(Bytes);
        var back = ours.ReceiveAsync(Bytes);
        await Task.WhenAll(ours.SendAsync(7, Bytes), theirs.SendAsync(9, Bytes));
        Assert.Equal(PayloadSource.Sha256Of(7, Bytes), (await there).Sha256);
        Assert.Equal(PayloadSource.Sha256Of(9, Bytes), (await back).Sha256);
        await ours.DisposeAsync();
    }

    private static async Task ReturnAsync(OurConnection ours, PeerConnection theirs, int index)
    {
        var receiving = theirs.ReceiveAsync(Bytes);
        await ours.SendAsync(SeedOf(index), Bytes);
        Assert.Equal(PayloadSource.Sha256Of(SeedOf(index), Bytes), (await receiving).Sha256);
        await ours.DisposeAsync();
    }
}

using System.Net;
using System.Text.Json.Nodes;
using Utp.Interop.Tests.Swarms;

namespace Utp.Interop.Tests.Peers;

/// <summary>A connection that a BitTorrent peer has had.</summary>
/// <param name="Remote">The other end.</param>
/// <param name="IsUtp">Whether it is over uTP.</param>
/// <param name="IsEncrypted">Whether its stream is encrypted (RC4).</param>
internal sealed record TorrentConnection(IPEndPoint Remote, bool IsUtp, bool IsEncrypted);

/// <summary>
/// A process that runs libtorrent with one torrent (peer/torrent.py). It speaks uTP only, and finds no peers on its own: no DHT, no local discovery,
/// no peer exchange, no tracker.
/// </summary>
internal sealed class LibtorrentPeer : IAsyncDisposable
{
    public const string Name = "libtorrent 2.0.8 (Debian python3-libtorrent)";

    private readonly PeerProcess _process;

    private LibtorrentPeer(PeerProcess process) => _process = process;

    /// <summary>The peer's UDP socket.</summary>
    public IPEndPoint EndPoint { get; private set; } = null!;

    /// <summary>The number of pieces that passed their hash when the peer started.</summary>
    public int PiecesAtStart { get; private set; }

    /// <summary>Starts a peer and waits until it has checked what its folder has.</summary>
    /// <param name="torrent">The torrent.</param>
    /// <param name="folder">Where it reads and writes the content.</param>
    /// <param name="address">The address to listen on and to dial from.</param>
    /// <param name="isEncrypted">Whether it allows only encrypted connections, or only plain ones.</param>
    /// <param name="dials">Whether it may make connections.</param>
    /// <param name="silence">After how much silence it gives up a connection; null for its default of two minutes.</param>
    public static async Task<LibtorrentPeer> StartAsync(
        Torrent torrent, string folder, IPAddress address, bool isEncrypted = false, bool dials = false, TimeSpan? silence = null)
    {
        var peer = new LibtorrentPeer(PeerProcess.Start("libtorrent", DebianPeers.Python, DebianPeers.LibtorrentScript));
        try
        {
            var bind = new JsonObject
            {
                ["listen"] = new IPEndPoint(address, 0).ToString(),
                ["encryption"] = isEncrypted ? "encrypted" : "plain",
                ["outgoing"] = dials,
            };
            if (silence is { } time)
            {
                bind["silence"] = (int)time.TotalSeconds;
            }

            peer.EndPoint = new IPEndPoint(address, (int)(await peer._process.RequestAsync("bind", bind))["port"]!);
            var added = await peer._process.RequestAsync("add", new JsonObject { ["torrent"] = torrent.MetainfoPath, ["folder"] = folder });
            peer.PiecesAtStart = (int)added["pieces"]!;
            return peer;
        }
        catch
        {
            await peer.DisposeAsync();
            throw;
        }
    }

    /// <summary>Names a peer to dial. The peer dials it again when the connection is lost.</summary>
    public Task ConnectAsync(IPEndPoint to) =>
        _process.RequestAsync("connect", new JsonObject { ["host"] = to.Address.ToString(), ["port"] = to.Port });

    /// <summary>Waits until this number of pieces has passed its hash.</summary>
    public Task WaitForPiecesAsync(int pieces) => _process.RequestAsync("have", new JsonObject { ["pieces"] = pieces });

    /// <summary>The connections that the peer has had. Pieces that failed their hash fail the test.</summary>
    public async Task<IReadOnlyList<TorrentConnection>> GetConnectionsAsync()
    {
        var answer = await _process.RequestAsync("peers", []);
        Assert.Empty(answer["failures"]!.AsArray());
        return
        [
            .. answer["peers"]!.AsArray().Select(peer => new TorrentConnection(
                new IPEndPoint(IPAddress.Parse((string)peer!["host"]!), (int)peer["port"]!), (bool)peer["isUtp"]!, (bool)peer["isEncrypted"]!)),
        ];
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}

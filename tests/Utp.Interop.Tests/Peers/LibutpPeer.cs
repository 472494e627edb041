using System.Net;
using System.Text.Json.Nodes;

namespace Utp.Interop.Tests.Peers;

/// <summary>A process that runs libutp on one UDP socket of 127.0.0.1 and executes commands (peer/peer.js).</summary>
internal sealed class LibutpPeer : IAsyncDisposable
{
    private readonly PeerProcess _process;

    private LibutpPeer(PeerProcess process) => _process = process;

    /// <summary>The peer's UDP socket.</summary>
    public IPEndPoint EndPoint { get; private set; } = null!;

    /// <summary>Starts a peer that listens, or one that only dials and does not answer requests.</summary>
    public static async Task<LibutpPeer> StartAsync(bool isListening, int port = 0)
    {
        var peer = new LibutpPeer(PeerProcess.Start("libutp", "node", NodePeer.ScriptPath));
        var bound = await peer.RequestAsync("bind", new JsonObject { ["listen"] = isListening, ["port"] = port });
        peer.EndPoint = new IPEndPoint(IPAddress.Loopback, (int)bound["port"]!);
        return peer;
    }

    /// <exception cref="PeerException">libutp reported an error.</exception>
    public async Task<PeerConnection> ConnectAsync(IPEndPoint to)
    {
        var answer = await RequestAsync("connect", new JsonObject { ["port"] = to.Port });
        return new PeerConnection(this, (int)answer["connection"]!);
    }

    public async Task<PeerConnection> AcceptAsync()
    {
        var answer = await RequestAsync("accept", []);
        return new PeerConnection(this, (int)answer["connection"]!);
    }

    /// <summary>Kills the process: it closes nothing and sends nothing.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Suspends the process: it answers nothing, and its socket stays open.</summary>
    public Task StopAsync() => _process.StopAsync();

    /// <summary>Sends one request of the control protocol.</summary>
    /// <exception cref="PeerException">The peer answered with an error, or ended.</exception>
    public Task<JsonObject> RequestAsync(string operation, JsonObject arguments) => _process.RequestAsync(operation, arguments);

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}

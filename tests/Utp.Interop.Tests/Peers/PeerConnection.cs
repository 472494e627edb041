using System.Text.Json.Nodes;

namespace Utp.Interop.Tests.Peers;

/// <summary>The state of a connection on libutp's side.</summary>
/// <param name="ReceivedBytes">Number of bytes received in order since the last wait for bytes.</param>
/// <param name="IsEnded">Whether our FIN was reached.</param>
/// <param name="IsClosed">Whether libutp has forgotten the connection.</param>
/// <param name="Failure">The error code; null if the connection ended well.</param>
/// <param name="Sha256">Hash of those bytes.</param>
internal sealed record PeerStatus(long ReceivedBytes, bool IsEnded, bool IsClosed, string? Failure, string? Sha256);

/// <summary>A connection on libutp's side.</summary>
internal sealed class PeerConnection(LibutpPeer peer, int number)
{
    /// <summary>Writes pseudo-random bytes; completes when libutp has accepted them, before they are acknowledged.</summary>
    public Task SendAsync(uint seed, long bytes, int chunkBytes = 65_536) =>
        RequestAsync("send", new JsonObject { ["seed"] = seed, ["bytes"] = bytes, ["chunk"] = chunkBytes });

    /// <summary>Waits until this number of bytes has arrived since the last wait (null: until the end of the stream) and describes them.</summary>
    public async Task<PeerStatus> ReceiveAsync(long? bytes = null) => ToStatus(await RequestAsync("receive", new JsonObject { ["bytes"] = bytes }));

    /// <summary>Starts to send back everything that arrives.</summary>
    public Task EchoAsync() => RequestAsync("echo", []);

    /// <summary>Sends messages one at a time, each when the previous one has come back, and compares them.</summary>
    public Task PingAsync(int count, int bytes) => RequestAsync("ping", new JsonObject { ["count"] = count, ["bytes"] = bytes });

    /// <summary>Writes until the connection fails.</summary>
    /// <returns>libutp's error code.</returns>
    public async Task<string> FloodAsync()
    {
        var ended = await Assert.ThrowsAsync<PeerException>(() => RequestAsync("flood", []));
        return ended.Message;
    }

    /// <summary>Sends a FIN after all written bytes (half-close).</summary>
    public Task EndAsync() => RequestAsync("end", []);

    /// <summary>Calls <c>utp_close</c>: sends a FIN and reads nothing more.</summary>
    public Task DestroyAsync() => RequestAsync("destroy", []);

    public async Task<PeerStatus> WaitForCloseAsync() => ToStatus(await RequestAsync("closed", []));

    public async Task<PeerStatus> GetStatusAsync() => ToStatus(await RequestAsync("status", []));

    private static PeerStatus ToStatus(JsonObject answer) => new(
        (long)answer["received"]!,
        (bool)answer["ended"]!,
        (bool)answer["closed"]!,
        (string?)answer["failure"],
        (string?)answer["sha256"]);

    private Task<JsonObject> RequestAsync(string operation, JsonObject arguments)
    {
        arguments["connection"] = number;
        return peer.RequestAsync(operation, arguments);
    }
}

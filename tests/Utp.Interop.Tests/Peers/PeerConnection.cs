using System.Text.Json.Nodes;

namespace Utp.Interop.Tests.Peers;

/// <summary>What has happened to a connection as libutp sees it.</summary>
/// <param name="ReceivedBytes">In order, since the last wait for bytes.</param>
/// <param name="IsEnded">Our FIN was reached.</param>
/// <param name="IsClosed">libutp has forgotten the connection.</param>
/// <param name="Failure">The error code, if it did not end well.</param>
/// <param name="Sha256">Of those bytes.</param>
internal sealed record PeerStatus(long ReceivedBytes, bool IsEnded, bool IsClosed, string? Failure, string? Sha256);

/// <summary>A connection on libutp's side.</summary>
internal sealed class PeerConnection(LibutpPeer peer, int number)
{
    /// <summary>Writes pseudo-random bytes; completes when libutp has taken them, before they are acknowledged.</summary>
    public Task SendAsync(uint seed, long bytes, int chunkBytes = 65_536) =>
        RequestAsync("send", new JsonObject { ["seed"] = seed, ["bytes"] = bytes, ["chunk"] = chunkBytes });

    /// <summary>Waits until so many bytes have arrived since the last such wait (null: for the end of the stream) and describes them.</summary>
    public async Task<PeerStatus> ReceiveAsync(long? bytes = null) => ToStatus(await RequestAsync("receive", new JsonObject { ["bytes"] = bytes }));

    /// <summary>From now on sends back whatever arrives.</summary>
    public Task EchoAsync() => RequestAsync("echo", []);

    /// <summary>Sends messages one at a time, each when the one before has come back, and compares them.</summary>
    public Task PingAsync(int count, int bytes) => RequestAsync("ping", new JsonObject { ["count"] = count, ["bytes"] = bytes });

    /// <summary>Writes until the connection fails.</summary>
    /// <returns>libutp's error code.</returns>
    public async Task<string> FloodAsync()
    {
        var ended = await Assert.ThrowsAsync<PeerException>(() => RequestAsync("flood", []));
        return ended.Message;
    }

    /// <summary>Half-close: sends a FIN after everything written.</summary>
    public Task EndAsync() => RequestAsync("end", []);

    /// <summary><c>utp_close</c>: a FIN, and nothing more is read.</summary>
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

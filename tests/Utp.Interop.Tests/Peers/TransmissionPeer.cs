using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Utp.Interop.Tests.Harness;
using Utp.Interop.Tests.Swarms;

namespace Utp.Interop.Tests.Peers;

/// <summary>
/// A process of transmission-daemon with one torrent. It finds no peers on its own: no DHT, no local discovery, no peer exchange, no tracker. It
/// never dials either, because it takes no loopback address for a peer's.
/// </summary>
internal sealed class TransmissionPeer : IAsyncDisposable
{
    public const string Name = "Transmission 3.00 (Debian)";

    private const string SessionHeader = "X-Transmission-Session-Id";
    private const int Seeding = 6;
    private const int Downloading = 4;

    // Transmission cannot choose a free port itself. Each daemon has a loopback address of its own, and ports that systems do not hand out.
    private const int PeerPort = 26_881;
    private const int ControlPort = 26_882;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private static int _count;

    private readonly Process _process;
    private readonly string _settings;
    private readonly HttpClient _control;

    private TransmissionPeer(IPAddress address, string settings)
    {
        _settings = settings;
        EndPoint = new IPEndPoint(address, PeerPort);
        _control = new HttpClient { BaseAddress = new Uri($"http://{address}:{ControlPort}/transmission/rpc") };
        string[] arguments = ["--foreground", "--config-dir", settings, "--logfile", Path.Combine(settings, "log")];
        _process = Process.Start(new ProcessStartInfo(DebianPeers.Transmission, arguments))!;
    }

    /// <summary>The peer's UDP socket.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>The bytes that passed their hash when the peer started.</summary>
    public long BytesAtStart { get; private set; }

    /// <summary>Starts a peer and waits until it has checked what its folder has.</summary>
    public static async Task<TransmissionPeer> StartAsync(Torrent torrent, string folder, bool isEncrypted)
    {
        var id = Environment.ProcessId;
        var address = new IPAddress([127, (byte)(64 + (Interlocked.Increment(ref _count) % 64)), (byte)(id >> 8), (byte)id]);
        var settings = Directory.CreateTempSubdirectory("utp-transmission-").FullName;
        await File.WriteAllTextAsync(Path.Combine(settings, "settings.json"), Settings(address, folder, isEncrypted).ToJsonString());
        var peer = new TransmissionPeer(address, settings);
        try
        {
            await peer.RequestAsync("torrent-add", new JsonObject { ["filename"] = torrent.MetainfoPath });
            peer.BytesAtStart = (long)(await peer.WaitAsync(state => (int)state["status"]! is Seeding or Downloading))["haveValid"]!;
            return peer;
        }
        catch
        {
            await peer.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until every piece has passed its hash.</summary>
    public Task WaitUntilCompleteAsync() => WaitAsync(state => (double)state["percentDone"]! >= 1);

    /// <summary>The present connections.</summary>
    public async Task<IReadOnlyList<TorrentConnection>> GetConnectionsAsync() =>
    [
        .. (await GetStateAsync())["peers"]!.AsArray().Select(peer => new TorrentConnection(
            new IPEndPoint(IPAddress.Parse((string)peer!["address"]!), (int)peer["port"]!), (bool)peer["isUTP"]!, (bool)peer["isEncrypted"]!)),
    ];

    public ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
        _control.Dispose();
        Directory.Delete(_settings, recursive: true);
        return ValueTask.CompletedTask;
    }

    private static JsonObject Settings(IPAddress address, string folder, bool isEncrypted) => new()
    {
        ["bind-address-ipv4"] = address.ToString(),
        ["bind-address-ipv6"] = "::1",
        ["peer-port"] = PeerPort,
        ["rpc-bind-address"] = address.ToString(),
        ["rpc-port"] = ControlPort,
        ["rpc-whitelist-enabled"] = false,
        ["download-dir"] = folder,
        ["encryption"] = isEncrypted ? 2 : 0,
        ["utp-enabled"] = true,
        ["dht-enabled"] = false,
        ["lpd-enabled"] = false,
        ["pex-enabled"] = false,
        ["port-forwarding-enabled"] = false,
    };

    private async Task<JsonObject> WaitAsync(Func<JsonObject, bool> isDone)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var state = await GetStateAsync();
            if (isDone(state))
            {
                return state;
            }

            Assert.True(watch.Elapsed < LongTests.TransferPatience, $"Transmission did not get on in {LongTests.TransferPatience}: {state.ToJsonString()}");
            await Task.Delay(Interval);
        }
    }

    private async Task<JsonObject> GetStateAsync()
    {
        var fields = new JsonArray("status", "percentDone", "haveValid", "corruptEver", "errorString", "peers");
        var answer = await RequestAsync("torrent-get", new JsonObject { ["fields"] = fields });
        return answer["torrents"]![0]!.AsObject();
    }

    private async Task<JsonObject> RequestAsync(string method, JsonObject arguments)
    {
        var body = new JsonObject { ["method"] = method, ["arguments"] = arguments };
        for (var watch = Stopwatch.StartNew(); ;)
        {
            try
            {
                using var content = new StringContent(body.ToJsonString());
                using var response = await _control.PostAsync((Uri?)null, content);
                if (response.StatusCode != HttpStatusCode.Conflict)
                {
                    var answer = (await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonObject>())!;
                    return (string)answer["result"]! == "success"
                        ? answer["arguments"]!.AsObject()
                        : throw new PeerException($"Transmission refused '{method}': {answer["result"]}");
                }

                // The first answer names the session, which every request has to repeat.
                _control.DefaultRequestHeaders.Add(SessionHeader, response.Headers.GetValues(SessionHeader).Single());
            }
            catch (HttpRequestException) when (watch.Elapsed < LongTests.TransferPatience && !_process.HasExited)
            {
                // The daemon has not opened its port yet.
                await Task.Delay(Interval);
            }
        }
    }
}

using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Utp.Interop.Tests.Harness;

namespace Utp.Interop.Tests.Peers;

/// <summary>A process that runs libutp on one UDP socket of 127.0.0.1 and executes commands (peer/peer.js).</summary>
internal sealed class LibutpPeer : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonObject>> _pending = new();
    private readonly ConcurrentQueue<string> _errors = new();
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly Task _reading;
    private int _lastId;

    private LibutpPeer(Process process)
    {
        _process = process;
        _process.ErrorDataReceived += (_, line) => _errors.Enqueue(line.Data ?? "");
        _process.BeginErrorReadLine();
        _reading = Task.Run(ReadAnswersAsync);
    }

    /// <summary>The peer's UDP socket.</summary>
    public IPEndPoint EndPoint { get; private set; } = null!;

    /// <summary>Starts a peer that listens, or one that only dials and does not answer requests.</summary>
    public static async Task<LibutpPeer> StartAsync(bool isListening, int port = 0)
    {
        var peer = new LibutpPeer(Process.Start(new ProcessStartInfo("node", [NodePeer.ScriptPath])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!);
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
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    /// <summary>Suspends the process: it answers nothing, and its socket stays open.</summary>
    public async Task StopAsync()
    {
        using var kill = Process.Start("kill", ["-STOP", $"{_process.Id}"]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }

    /// <summary>Sends one request of the control protocol.</summary>
    /// <exception cref="PeerException">The peer answered with an error, or ended.</exception>
    public async Task<JsonObject> RequestAsync(string operation, JsonObject arguments)
    {
        var id = Interlocked.Increment(ref _lastId);
        var answer = new TaskCompletionSource<JsonObject>(TaskCreationOptions.RunContinuationsAsynchronously);
        _pending[id] = answer;
        arguments["id"] = id;
        arguments["op"] = operation;
        await _writing.WaitAsync();
        try
        {
            await _process.StandardInput.WriteLineAsync(arguments.ToJsonString());
            await _process.StandardInput.FlushAsync();
        }
        finally
        {
            _writing.Release();
        }

        JsonObject result;
        try
        {
            result = await answer.Task.WaitAsync(LongTests.TransferPatience);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"libutp did not finish '{operation}' in {LongTests.TransferPatience}. {string.Join('\n', _errors)}");
        }

        return result["error"] is { } error ? throw new PeerException((string)error!) : result;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            // The peer ends with its standard input; it is killed only if it hangs.
            _process.StandardInput.Close();
            try
            {
                await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(5));
            }
            catch (TimeoutException)
            {
                Kill();
            }
        }

        await _reading;
        _process.Dispose();
        _writing.Dispose();
    }

    private async Task ReadAnswersAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            // libutp itself sometimes prints a line.
            if (line.StartsWith('{')
                && JsonSerializer.Deserialize<JsonObject>(line) is { } answer
                && _pending.TryRemove((int)answer["id"]!, out var pending))
            {
                pending.SetResult(answer);
            }
        }

        foreach (var pending in _pending.Values)
        {
            pending.TrySetException(new PeerException($"The peer process ended. {string.Join('\n', _errors)}"));
        }
    }
}

using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Utp.Interop.Tests.Harness;

namespace Utp.Interop.Tests.Peers;

/// <summary>
/// A program of another implementation that executes requests: a JSON object on each line of its standard input, and an answer with the same id on
/// its standard output. It ends with its standard input.
/// </summary>
internal sealed class PeerProcess : IAsyncDisposable
{
    private readonly string _name;
    private readonly Process _process;
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonObject>> _pending = new();
    private readonly ConcurrentQueue<string> _errors = new();
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly Task _reading;
    private int _lastId;

    private PeerProcess(string name, Process process)
    {
        (_name, _process) = (name, process);
        _process.ErrorDataReceived += (_, line) => _errors.Enqueue(line.Data ?? "");
        _process.BeginErrorReadLine();
        _reading = Task.Run(ReadAnswersAsync);
    }

    /// <summary>Starts the program.</summary>
    /// <param name="name">The implementation, for messages.</param>
    /// <param name="program">What to run.</param>
    /// <param name="script">Its argument.</param>
    public static PeerProcess Start(string name, string program, string script) => new(name, Process.Start(new ProcessStartInfo(program, [script])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!);

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
            throw new TimeoutException($"{_name} did not finish '{operation}' in {LongTests.TransferPatience}. {string.Join('\n', _errors)}");
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
            pending.TrySetException(new PeerException($"The process of {_name} ended. {string.Join('\n', _errors)}"));
        }
    }
}

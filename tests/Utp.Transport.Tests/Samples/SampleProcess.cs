using System.Diagnostics;
using Utp.Transport.Tests.Engine;

namespace Utp.Transport.Tests.Samples;

/// <summary>A sample in a separate process, as a person runs it.</summary>
internal sealed class SampleProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly Process _process;
    private readonly Task<string> _error;

    private SampleProcess(Process process)
    {
        _process = process;
        _error = process.StandardError.ReadToEndAsync();
    }

    public static SampleProcess Start(string name, params string[] arguments) => StartProgram(RepositoryPaths.Sample(name), arguments);

    public static SampleProcess StartProgram(string path, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,

            // The folder is not the repository: samples must find their configuration by themselves.
            WorkingDirectory = Path.GetTempPath(),
        };
        start.ArgumentList.Add(path);
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return new SampleProcess(Process.Start(start)!);
    }

    /// <summary>Reads lines until one contains the text.</summary>
    public async Task<string> ReadUntilAsync(string text)
    {
        using var timeout = new CancellationTokenSource(Patience);
        while (await _process.StandardOutput.ReadLineAsync(timeout.Token) is { } line)
        {
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return line;
            }
        }

        throw new InvalidOperationException($"The sample ended without saying '{text}': {await _error}");
    }

    /// <summary>Waits for the end; returns the exit code and the output.</summary>
    public async Task<(int ExitCode, string Output, string Error)> EndAsync()
    {
        using var timeout = new CancellationTokenSource(Patience);
        var output = await _process.StandardOutput.ReadToEndAsync(timeout.Token);
        await _process.WaitForExitAsync(timeout.Token);
        return (_process.ExitCode, output, await _error);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }
}

using System.Diagnostics;

namespace Utp.Lab;

/// <summary>Starts the programs of the lab, and ends all of them.</summary>
internal sealed class Commands : IDisposable
{
    private readonly List<Process> _running = [];

    /// <summary>Runs a program to its end.</summary>
    public static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(Describe(program, arguments))!;
        var errors = process.StandardError.ReadToEndAsync();
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"'{program} {string.Join(' ', arguments)}' failed: {errors.Result.Trim()}");
        }
    }

    /// <summary>Starts a program and passes on each line of its output.</summary>
    public Process Start(Action<string> onLine, string program, params string[] arguments)
    {
        var process = new Process { StartInfo = Describe(program, arguments) };
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is { } text)
            {
                onLine(text);
            }
        };
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is { Length: > 0 } text)
            {
                Console.Error.WriteLine($"{program}: {text}");
            }
        };
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _running.Add(process);
        return process;
    }

    /// <summary>Ends the programs that still run.</summary>
    public void Dispose()
    {
        foreach (var process in _running)
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }

            process.WaitForExit();
            process.Dispose();
        }

        _running.Clear();
    }

    private static ProcessStartInfo Describe(string program, string[] arguments) => new(program, arguments)
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        UseShellExecute = false,
    };
}

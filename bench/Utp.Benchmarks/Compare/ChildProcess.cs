using System.Diagnostics;
using System.Globalization;

namespace Utp.Benchmarks.Compare;

/// <summary>One process of a run, controlled line by line. It ends with its standard input.</summary>
internal sealed class ChildProcess : IDisposable
{
    private readonly Process _process;

    private ChildProcess(Process process) => _process = process;

    /// <summary>Processor seconds so far, in user and kernel mode.</summary>
    public double CpuSeconds
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime.TotalSeconds;
        }
    }

    /// <summary>Starts this program again.</summary>
    public static ChildProcess StartSelf(string command, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        var program = Environment.ProcessPath ?? throw new InvalidOperationException("The path of this program is unknown.");
        string[] self = Path.GetFileNameWithoutExtension(program) == "dotnet" ? [typeof(ChildProcess).Assembly.Location] : [];
        return Start(program, [.. self, command, .. arguments], environment);
    }

    public static ChildProcess Start(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new ChildProcess(Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start."));
    }

    public string Ask(string line, TimeSpan patience)
    {
        _process.StandardInput.WriteLine(line);
        return ReadLine(patience);
    }

    /// <exception cref="InvalidOperationException">The process printed nothing for this time, ended, or reports a failure.</exception>
    public string ReadLine(TimeSpan patience)
    {
        var line = _process.StandardOutput.ReadLineAsync();
        if (!line.Wait(patience))
        {
            throw new InvalidOperationException(
                string.Create(CultureInfo.InvariantCulture, $"A process of the run said nothing for {patience.TotalSeconds} s."));
        }

        return line.Result switch
        {
            null => throw new InvalidOperationException("A process of the run ended early."),
            var text when text.StartsWith("failed ", StringComparison.Ordinal) => throw new InvalidOperationException(text[7..]),
            var text => text,
        };
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(TimeSpan.FromSeconds(10)))
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }
}

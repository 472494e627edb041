using System.IO.Pipelines;
using System.Text;

namespace Utp.Tool.Tests.Harness;

/// <summary>A command of the tool, run in this process with streams of the test's.</summary>
internal sealed class CommandRun : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly Interruption _interruption = new();

    private CommandRun(Stream input, Stream? output, string[] args)
    {
        var console = new ToolConsole(input, output ?? new LineStream(Output), new LineWriter(Errors));
        Exit = Task.Run(() => UtpTool.RunAsync(args, console, _interruption));
    }

    /// <summary>Standard output, unless the test took it as a stream.</summary>
    public LineBuffer Output { get; } = new();

    public LineBuffer Errors { get; } = new();

    public Task<int> Exit { get; }

    public static CommandRun Start(params string[] args) => new(Stream.Null, null, args);

    /// <summary>With standard input, and standard output as bytes.</summary>
    public static CommandRun StartWith(Stream input, Stream output, params string[] args) => new(input, output, args);

    /// <summary>Runs to the end.</summary>
    public static async Task<(int Exit, string[] Output, string[] Errors)> RunAsync(params string[] args)
    {
        await using var run = Start(args);
        var exit = await run.Exit.WaitAsync(Patience);
        return (exit, run.Output.Lines, run.Errors.Lines);
    }

    /// <summary>What Ctrl+C does.</summary>
    public void Interrupt() => _interruption.Signal();

    /// <summary>The port in the line "Listening on ...", wherever it is printed.</summary>
    public async Task<int> PortAsync()
    {
        var line = await await Task.WhenAny(Errors.WaitForAsync("Listening on ", Patience), Output.WaitForAsync("Listening on ", Patience));
        return PortOf(line);
    }

    public static int PortOf(string line)
    {
        var address = line["Listening on ".Length..].Split(',')[0];
        return int.Parse(address[(address.LastIndexOf(':') + 1)..], System.Globalization.CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        if (!Exit.IsCompleted)
        {
            _interruption.Signal();
            _interruption.Signal();
        }

        await Exit.WaitAsync(Patience);
        _interruption.Dispose();
    }

    private sealed class LineWriter(LineBuffer lines) : StringWriter
    {
        public override void Write(char value) => lines.Append(value.ToString());

        public override void Write(string? value) => lines.Append(value ?? string.Empty);

        public override void WriteLine(string? value) => lines.Append(value + "\n");
    }

    private sealed class LineStream(LineBuffer lines) : WriteOnlyStream
    {
        public override void Write(byte[] buffer, int offset, int count) => lines.Append(Encoding.UTF8.GetString(buffer, offset, count));

        public override void Write(ReadOnlySpan<byte> buffer) => lines.Append(Encoding.UTF8.GetString(buffer));
    }
}

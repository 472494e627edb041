using System.Text;
using Spectre.Console;

namespace Utp.Tool;

/// <summary>Where the tool reads and writes: the process's standard streams, or a test's.</summary>
/// <param name="input">Standard input, as bytes.</param>
/// <param name="output">Standard output, as bytes.</param>
/// <param name="error">Standard error, as text.</param>
/// <param name="terminal">For progress bars and tables; null when the output is not a terminal, and plain lines are wanted.</param>
internal sealed class ToolConsole(Stream input, Stream output, TextWriter error, IAnsiConsole? terminal = null)
{
    private readonly Lock _lock = new();
    private readonly Encoding _encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

    public Stream Input => input;

    public Stream Output => output;

    /// <summary>The terminal that standard output is; null when it is a file, a pipe or a test.</summary>
    public IAnsiConsole? Terminal => terminal;

    /// <summary>The process's own streams.</summary>
    public static ToolConsole OfProcess() => new(
        Console.OpenStandardInput(),
        Console.OpenStandardOutput(),
        Console.Error,
        Console.IsOutputRedirected ? null : AnsiConsole.Console);

    /// <summary>Writes a line to standard output. Lines of several tasks do not mix.</summary>
    public void WriteLine(string line) => WriteBytes(_encoding.GetBytes(line + "\n"));

    /// <summary>Writes a whole line, its end included, to standard output.</summary>
    public void WriteBytes(ReadOnlySpan<byte> line)
    {
        lock (_lock)
        {
            output.Write(line);
            output.Flush();
        }
    }

    /// <summary>Writes a line to standard error, so that it is not mixed with the data of <c>utp cat</c>.</summary>
    public void WriteErrorLine(string line)
    {
        lock (_lock)
        {
            error.WriteLine(line);
            error.Flush();
        }
    }
}

using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using System.Net.Sockets;
using Utp.Tool.Bench;
using Utp.Tool.Cat;
using Utp.Tool.Files;
using Utp.Tool.Plot;
using Utp.Tool.Relay;

namespace Utp.Tool;

/// <summary>Runs the command of a command line, and returns its exit code.</summary>
internal static class UtpTool
{
    public static async Task<int> RunAsync(string[] args, ToolConsole console, Interruption interruption)
    {
        var root = CreateCommand(console, interruption);
        var parsed = root.Parse(args);
        try
        {
            if (parsed.Action is not HelpAction)
            {
                Check(parsed);
            }

            using var output = new StreamWriter(console.Output, leaveOpen: true);
            var configuration = new InvocationConfiguration { Output = output, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
            return await parsed.InvokeAsync(configuration, interruption.Closing).ConfigureAwait(false);
        }
        catch (UsageException e)
        {
            var command = parsed.CommandResult.Command is RootCommand ? "utp" : "utp " + parsed.CommandResult.Command.Name;
            console.WriteErrorLine($"utp: {OneLine(e)} Try '{command} --help'.");
            return ExitCode.Usage;
        }
        catch (OperationCanceledException) when (interruption.Closing.IsCancellationRequested)
        {
            console.WriteErrorLine("utp: interrupted");
            return ExitCode.Interrupted;
        }
        catch (Exception e) when (IsExpected(e))
        {
            console.WriteErrorLine($"utp: {OneLine(e)}");
            return ExitCode.Failure;
        }
    }

    private static void Check(ParseResult parsed)
    {
        // The parser treats an option that it does not know as an argument.
        var arguments = parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens).Select(token => token.Value);
        if (arguments.Concat(parsed.UnmatchedTokens).FirstOrDefault(text => text.Length > 1 && text[0] == '-') is { } option)
        {
            throw new UsageException($"'{option}' is not an option.");
        }

        if (parsed.CommandResult.Command is RootCommand && parsed.UnmatchedTokens is [var command, ..])
        {
            throw new UsageException($"'{command}' is not a command.");
        }

        if (parsed.Errors is [var error, ..])
        {
            throw new UsageException(error.Message);
        }
    }

    private static RootCommand CreateCommand(ToolConsole console, Interruption interruption) => new("uTP (BEP 29) at a shell.")
    {
        CatCommand.Create(console, interruption),
        RelayCommand.Create(console, interruption),
        SendCommand.Create(console, interruption),
        ReceiveCommand.Create(console, interruption),
        BenchCommand.Create(console, interruption),
        PlotCommand.Create(console),
    };

    /// <summary>
    /// Whether networks, peers, disks or users cause such an exception. Anything else is a defect of the tool, and its stack trace is useful.
    /// </summary>
    private static bool IsExpected(Exception e) =>
        e is ToolException or SocketException or IOException or UnauthorizedAccessException or TimeoutException or InvalidOperationException
            or ArgumentOutOfRangeException or OperationCanceledException;

    private static string OneLine(Exception e)
    {
        var message = e.Message.ReplaceLineEndings(" ").Trim();
        return message.EndsWith('.') || message.EndsWith('?') ? message : message + ".";
    }
}

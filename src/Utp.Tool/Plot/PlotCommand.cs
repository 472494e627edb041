using System.CommandLine;
using System.Globalization;

namespace Utp.Tool.Plot;

/// <summary><c>utp plot</c>: traces as figures.</summary>
internal static class PlotCommand
{
    private const int DefaultWidth = 1_200;
    private const int DefaultHeight = 900;

    private static readonly Argument<string[]> Files = new("FILE")
    {
        Description = "Traces that --trace or Utp:Transport:TracePath wrote",
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Option<string> Output = new("--output", "-o") { HelpName = "OUT.svg", Description = "The figure, an SVG image", Required = true };
    private static readonly Option<string?> Title = new("--title") { HelpName = "TEXT", Description = "Title; that of the trace when not given" };
    private static readonly Option<string> Size = new("--size")
    {
        HelpName = "WIDTHxHEIGHT",
        Description = "Size in pixels",
        DefaultValueFactory = _ => $"{DefaultWidth}x{DefaultHeight}",
    };

    private static readonly Option<double?> From = new("--from") { HelpName = "S", Description = "First second to draw" };
    private static readonly Option<double?> To = new("--to") { HelpName = "S", Description = "Last second to draw" };
    private static readonly Option<string[]> Connections = new("--connection", "-c")
    {
        HelpName = "ID",
        Description = "Draw only this connection (may be repeated); when not given, the connections that send most of the bytes",
    };

    private static readonly Option<string?> Align = new("--align")
    {
        HelpName = "clock|start",
        Description = "Align traces by the time of day, or start each at zero; when not given, by the time of day if they overlap",
    };

    public static Command Create(ToolConsole console)
    {
        var command = new Command("plot", "Draws congestion window, delay and rate over time from traces.")
        {
            Files, Output, Title, Size, From, To, Connections, Align,
        };
        command.SetAction(parsed =>
        {
            var path = parsed.GetRequiredValue(Output);
            CheckFormat(path);
            var (width, height) = ReadSize(parsed.GetRequiredValue(Size));
            var range = ReadRange(parsed.GetValue(From), parsed.GetValue(To));
            var traces = Array.ConvertAll(parsed.GetRequiredValue(Files), TraceReader.Read);
            var flows = new FlowSelection(traces, IsByClock(parsed.GetValue(Align), traces)).Select(parsed.GetValue(Connections) ?? []);
            Write(new Figure(parsed.GetValue(Title) ?? traces[0].Title, flows, range), path, width, height);
            console.WriteLine($"{path}: {string.Join(", ", flows.Select(flow => flow.Name))}");
            return ExitCode.Success;
        });
        return command;
    }

    private static void CheckFormat(string path)
    {
        if (!path.EndsWith(".svg", StringComparison.OrdinalIgnoreCase))
        {
            throw new UsageException(
                $"--output is '{path}'. Expected a name that ends in .svg. Browsers show such a file, and rsvg-convert or Inkscape makes a PNG of it.");
        }
    }

    private static (int Width, int Height) ReadSize(string text)
    {
        var parts = text.Split('x');
        return parts.Length == 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var width)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var height)
            && width is >= 300 and <= 10_000
            && height is >= 300 and <= 10_000
                ? (width, height)
                : throw new UsageException($"--size is '{text}'. Expected WIDTHxHEIGHT, each from 300 to 10000.");
    }

    private static TimeRange ReadRange(double? from, double? to) => (from ?? 0) < (to ?? double.PositiveInfinity)
        ? new TimeRange(from, to)
        : throw new UsageException(FormattableString.Invariant($"--from {from ?? 0} is not before --to {to}."));

    private static bool IsByClock(string? align, Trace[] traces) => align switch
    {
        null => FlowSelection.Overlap(traces),
        "clock" when traces.All(trace => trace.WallClock is not null) => true,
        "clock" => throw new ToolException("The traces cannot be put side by side by the time of day: not all of them say when they began."),
        "start" => false,
        _ => throw new UsageException($"--align is '{align}'. Expected clock or start."),
    };

    /// <summary>Writes the whole file or none: it has another name until it is complete.</summary>
    private static void Write(Figure figure, string path, int width, int height)
    {
        var partial = path + ".utp-partial";
        try
        {
            using (var file = File.Create(partial))
            {
                figure.Write(file, width, height);
            }

            File.Move(partial, path, overwrite: true);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
    }
}

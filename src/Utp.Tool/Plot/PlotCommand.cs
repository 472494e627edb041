using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using Utp.Protocol;

namespace Utp.Tool.Plot;

/// <summary><c>utp plot</c>: traces as pictures.</summary>
internal static class PlotCommand
{
    private const int DefaultWidth = 1_200;
    private const int DefaultHeight = 900;

    private static readonly Argument<string[]> Files = new("FILE")
    {
        Description = "Traces that --trace or Utp:Transport:TracePath wrote",
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Option<string> Output = new("--output", "-o") { HelpName = "OUT.png|OUT.svg", Description = "The picture", Required = true };
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
            var format = ReadFormat(path);
            var (width, height) = ReadSize(parsed.GetRequiredValue(Size));
            var range = ReadRange(parsed.GetValue(From), parsed.GetValue(To));
            var traces = Array.ConvertAll(parsed.GetRequiredValue(Files), TraceReader.Read);
            var flows = new FlowSelection(traces, IsByClock(parsed.GetValue(Align), traces)).Select(parsed.GetValue(Connections) ?? []);
            Draw(console, () => new Figure(parsed.GetValue(Title) ?? traces[0].Title, flows, range), path, format, width, height);
            console.WriteLine($"{path}: {string.Join(", ", flows.Select(flow => flow.Name))}");
            return ExitCode.Success;
        });
        return command;
    }

    private static FigureFormat ReadFormat(string path) => Path.GetExtension(path).ToUpperInvariant() switch
    {
        ".PNG" => FigureFormat.Png,
        ".SVG" => FigureFormat.Svg,
        _ => throw new UsageException($"--output is '{path}'. Expected a name that ends in .png or .svg."),
    };

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

    private static void Draw(ToolConsole console, Func<Figure> compose, string path, FigureFormat format, int width, int height)
    {
        try
        {
            var figure = compose();
            if (!figure.HasFonts)
            {
                console.WriteErrorLine("utp: no fonts are installed on this system, so the picture will have no text.");
            }

            Write(figure, path, format, width, height);
        }
        catch (Exception e) when (e is DllNotFoundException or TypeInitializationException)
        {
            throw new ToolException($"This tool has no drawing library for {RuntimeInformation.RuntimeIdentifier}. Draw the trace on another system.", e);
        }
    }

    /// <summary>Writes the whole file or none: it has another name until it is complete.</summary>
    private static void Write(Figure figure, string path, FigureFormat format, int width, int height)
    {
        var partial = path + ".utp-partial";
        try
        {
            using (var file = File.Create(partial))
            {
                figure.Write(file, format, width, height);
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

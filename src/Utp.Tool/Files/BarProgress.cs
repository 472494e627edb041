using Spectre.Console;
using Spectre.Console.Rendering;

namespace Utp.Tool.Files;

/// <summary>A bar for each file: size, rate, time left, round trip and queueing delay.</summary>
internal sealed class BarProgress : ITransferProgress
{
    private readonly ProgressContext _context;
    private readonly PathColumn _path;
    private ProgressTask? _task;

    private BarProgress(ProgressContext context, PathColumn path)
    {
        _context = context;
        _path = path;
    }

    /// <summary>Runs a transfer with bars on the terminal, or with lines when there is none.</summary>
    public static Task RunAsync(ToolConsole console, string verb, Func<ITransferProgress, Task> transfer)
    {
        if (console.Terminal is not { } terminal)
        {
            return transfer(new LineProgress(console, verb));
        }

        var path = new PathColumn();
        return terminal.Progress()
            .Columns(
                new TaskDescriptionColumn { Alignment = Justify.Left },
                new ProgressBarColumn(),
                new PercentageColumn(),
                new DownloadedColumn(),
                new TransferSpeedColumn(),
                new RemainingTimeColumn(),
                path)
            .StartAsync(context => transfer(new BarProgress(context, path)));
    }

    public void Begin(string name, long size, UtpStream stream)
    {
        _path.Stream = stream;

        // A task of size zero would never be finished.
        _task = _context.AddTask(Markup.Escape(name), maxValue: Math.Max(size, 1));
    }

    public void Advance(int bytes) => _task?.Increment(bytes);

    public void End(bool succeeded)
    {
        if (succeeded && _task is { } task)
        {
            task.Value = task.MaxValue;
        }

        _task?.StopTask();
        _task = null;
    }

    /// <summary>What the connection measures now.</summary>
    private sealed class PathColumn : ProgressColumn
    {
        public UtpStream? Stream { get; set; }

        protected override bool NoWrap => true;

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime)
        {
            if (Stream is not { } stream || task.IsFinished)
            {
                return Text.Empty;
            }

            var statistics = stream.Statistics;
            return new Text($"RTT {Units.Milliseconds(statistics.RoundTripTime)}, queue {Units.Milliseconds(statistics.QueueingDelay)}");
        }
    }
}

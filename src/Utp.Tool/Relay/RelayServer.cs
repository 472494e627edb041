using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using Spectre.Console;

namespace Utp.Tool.Relay;

/// <summary>A running relay: accepts, and reports each connection when it ends, or all of them in a live table.</summary>
/// <param name="listener">Where connections come from.</param>
/// <param name="dialer">Where they go.</param>
/// <param name="console">For the lines.</param>
/// <param name="terminal">For the live table; null for lines.</param>
/// <param name="target">What the dialer connects to, for display.</param>
internal sealed class RelayServer(IRelayListener listener, IRelayDialer dialer, ToolConsole console, IAnsiConsole? terminal, string target)
{
    private const int MaxRows = 20;
    private static readonly TimeSpan RefreshInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>Pause after a failed accept (no descriptor free, say), which would otherwise fail again at once.</summary>
    private static readonly TimeSpan AcceptPause = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<int, (RelayedConnection Connection, Task Task)> _open = new();
    private int _count;

    /// <summary>
    /// Relays until interrupted. Then it accepts no more connections and waits for the open ones; a second interruption resets them.
    /// </summary>
    public async Task RunAsync(Interruption interruption)
    {
        console.WriteLine($"Listening on {listener.Name}, connecting to {target}");
        using var stopDisplay = new CancellationTokenSource();
        var display = terminal is null ? Task.CompletedTask : DisplayAsync(terminal, stopDisplay.Token);
        try
        {
            await AcceptAllAsync(interruption).ConfigureAwait(false);
            if (!_open.IsEmpty)
            {
                var open = _open.Count == 1
                    ? "1 connection is open (Ctrl+C again resets it)"
                    : $"{_open.Count} connections are open (Ctrl+C again resets them)";
                console.WriteErrorLine($"utp: closing; {open}");
            }

            await Task.WhenAll(_open.Values.Select(entry => entry.Task)).ConfigureAwait(false);
        }
        finally
        {
            await stopDisplay.CancelAsync().ConfigureAwait(false);
            await display.ConfigureAwait(false);
        }
    }

    private async Task AcceptAllAsync(Interruption interruption)
    {
        while (!interruption.Closing.IsCancellationRequested)
        {
            try
            {
                var accepted = await listener.AcceptAsync(interruption.Closing).ConfigureAwait(false);
                Start(new RelayedConnection(++_count, accepted), interruption.Aborting);
            }
            catch (OperationCanceledException) when (interruption.Closing.IsCancellationRequested)
            {
                return;
            }
            catch (SocketException e)
            {
                console.WriteErrorLine($"utp: cannot accept: {e.Message}");
                await Task.Delay(AcceptPause, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    private void Start(RelayedConnection connection, CancellationToken aborting)
    {
        // Added before it runs, because a connection that ends at once must not be added after it was removed.
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _open[connection.Number] = (connection, RunAsync());
        entered.SetResult();

        async Task RunAsync()
        {
            await entered.Task.ConfigureAwait(false);
            await connection.RunAsync(dialer, aborting).ConfigureAwait(false);
            _open.TryRemove(connection.Number, out _);
            if (terminal is null)
            {
                console.WriteLine(connection.ToString());
            }
        }
    }

    private Task DisplayAsync(IAnsiConsole display, CancellationToken cancellationToken) =>
        display.Live(CreateTable()).StartAsync(async context =>
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                context.UpdateTarget(CreateTable());
                await Task.Delay(RefreshInterval, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            context.UpdateTarget(CreateTable());
        });

    private Table CreateTable()
    {
        var table = new Table().AddColumns("#", "from", "to", "out", "in", "age").Caption($"{_open.Count} open, {_count} accepted");
        foreach (var (number, (connection, _)) in _open.OrderBy(entry => entry.Key).TakeLast(MaxRows))
        {
            table.AddRow(
                number.ToString(CultureInfo.InvariantCulture),
                Markup.Escape(connection.From),
                Markup.Escape(connection.To),
                Units.Bytes(connection.BytesOut),
                Units.Bytes(connection.BytesIn),
                Units.Seconds(connection.Age));
        }

        return table;
    }
}

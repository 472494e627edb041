using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;

namespace Utp.Tool.Bench;

/// <summary>The listening side: does on each connection what its header asks for, until interrupted.</summary>
internal sealed class BenchServer(IConnectionListener listener, BenchReporter reporter, ToolConsole console, Interruption interruption)
{
    private readonly ConcurrentDictionary<int, ConnectionContext> _open = new();
    private readonly ConcurrentDictionary<int, Task> _tasks = new();

    public async Task RunAsync()
    {
        var count = 0;
        try
        {
            while (await listener.AcceptAsync(interruption.Closing).ConfigureAwait(false) is { } connection)
            {
                var number = ++count;
                _open[number] = connection;
                _tasks[number] = Task.Run(() => ServeAsync(number, connection));
            }
        }
        catch (OperationCanceledException) when (interruption.Closing.IsCancellationRequested)
        {
            // Measurements that run may end by themselves, unless interrupted again.
        }

        using var abort = interruption.Aborting.UnsafeRegister(static state => ((BenchServer)state!).AbortAll(), this);
        await Task.WhenAll(_tasks.Values).ConfigureAwait(false);
    }

    private async Task ServeAsync(int number, ConnectionContext connection)
    {
        try
        {
            await using (connection.ConfigureAwait(false))
            {
                var header = await BenchHeader.ReadAsync(connection.Transport.Input).ConfigureAwait(false);
                await ServeAsync(new BenchReporter.Subject(number, connection.RemoteEndPoint), connection, header).ConfigureAwait(false);
            }
        }
#pragma warning disable CA1031 // One connection that fails must not end the others.
        catch (Exception e)
#pragma warning restore CA1031
        {
            console.WriteErrorLine($"utp: connection {number} from {connection.RemoteEndPoint}: {e.Message.ReplaceLineEndings(" ")}");
        }
        finally
        {
            _open.TryRemove(number, out _);
            _tasks.TryRemove(number, out _);
        }
    }

    private async Task ServeAsync(BenchReporter.Subject subject, ConnectionContext connection, BenchHeader header)
    {
        if (header.Mode == BenchMode.Connect)
        {
            // Not reported: there may be thousands a second.
            connection.Transport.Output.GetSpan(1)[0] = 1;
            connection.Transport.Output.Advance(1);
            await connection.Transport.Output.FlushAsync(interruption.Aborting).ConfigureAwait(false);
            return;
        }

        var meter = new StreamMeter();
        meter.Attach(connection);
        await reporter.MeasureAsync(header.Mode, header.Mode is BenchMode.Receive or BenchMode.Echo, [meter], subject, () => header.Mode switch
        {
            BenchMode.Send => BenchTraffic.ReceiveAsync(connection.Transport, header, meter, interruption.Aborting),
            BenchMode.Receive => BenchTraffic.SendAsync(connection.Transport, header, meter, interruption.Aborting),
            _ => BenchTraffic.ReflectAsync(connection.Transport, header, meter, interruption.Aborting),
        }).ConfigureAwait(false);
    }

    private void AbortAll()
    {
        foreach (var connection in _open.Values)
        {
            connection.Abort(new ConnectionAbortedException("Interrupted."));
        }
    }
}

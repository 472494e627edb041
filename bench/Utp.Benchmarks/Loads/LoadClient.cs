using System.Diagnostics;
using Microsoft.AspNetCore.Connections;

namespace Utp.Benchmarks.Loads;

/// <summary>
/// The client of a run. It waits for "go" on its standard input, prints "begin" when everything is warm, and "end" with its counts since then. It
/// prints nothing between the two, so that the parent can read the clocks of both processes.
/// </summary>
internal sealed class LoadClient(LoadOptions options) : IAsyncDisposable
{
    public const string Command = "load-client";

    private readonly LoadTransport _transport = new(options);
    private readonly List<ConnectionContext> _connections = [];
    private volatile bool _isMeasuring;
    private volatile bool _isOver;

    public static Task<int> RunAsync(LoadOptions options)
    {
        var client = new LoadClient(options);
        var run = Task.CompletedTask;
        LoadConsole.Serve(_ =>
        {
            run = Task.Run(client.RunAsync);
            run.ContinueWith(
                task => Fail(task.Exception!.InnerException!), CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            return "ok";
        });
        Environment.Exit(0);
        return Task.FromResult(0);
    }

    public ValueTask DisposeAsync() => _transport.DisposeAsync();

    private static void Fail(Exception exception)
    {
        LoadConsole.Say("failed " + exception.Message.ReplaceLineEndings(" "));
        Console.Error.WriteLine(exception);
    }

    private Task RunAsync() => options.Kind switch
    {
        LoadKind.Bulk => RunBulkAsync(),
        LoadKind.Connect => RunOperationsAsync(new byte[1], ConnectOnceAsync, connect: false),
        LoadKind.Echo => RunOperationsAsync(new byte[options.Bytes], EchoOnceAsync, connect: true),
        LoadKind.Http => RunOperationsAsync(HttpClientLoad.Request, HttpClientLoad.RequestOnceAsync, connect: true),
        LoadKind.Idle => ConnectIdleAsync(),
        _ => throw new InvalidOperationException($"There is no load {options.Kind}."),
    };

    private async Task RunBulkAsync()
    {
        await ConnectAllAsync();
        var senders = _connections.Select(SendUntilOverAsync).ToArray();
        await Task.Delay(TimeSpan.FromSeconds(options.WarmupSeconds));
        LoadConsole.Say("begin");
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAny(Task.Delay(TimeSpan.FromSeconds(options.Seconds)), Task.WhenAny(senders).Unwrap());
        LoadConsole.Say(new LoadResult(0, Stopwatch.GetElapsedTime(start).TotalSeconds));
    }

    private async Task SendUntilOverAsync(ConnectionContext connection)
    {
        var output = connection.Transport.Output;
        for (byte value = 0; !_isOver; value++)
        {
            while (output.UnflushedBytes < options.Bytes)
            {
                var memory = output.GetMemory(Math.Min(options.Bytes, 4_096));
                var length = (int)Math.Min(memory.Length, options.Bytes - output.UnflushedBytes);
                memory.Span[..length].Fill(value);
                output.Advance(length);
            }

            if ((await output.FlushAsync()).IsCompleted)
            {
                throw new InvalidOperationException("The far end closed the connection.");
            }
        }
    }

    /// <summary>Runs one loop per connection, each with one operation after the other.</summary>
    private async Task RunOperationsAsync(byte[] message, Func<LoadTransport, ConnectionContext?, byte[], ValueTask> operation, bool connect)
    {
        if (connect)
        {
            await ConnectAllAsync();
        }

        var histograms = Enumerable.Range(0, options.Connections).Select(_ => new LatencyHistogram()).ToArray();
        var loops = histograms.Select((histogram, i) => Task.Run(() => LoopAsync(histogram, connect ? _connections[i] : null, message, operation))).ToArray();
        await Task.Delay(TimeSpan.FromSeconds(options.WarmupSeconds));
        LoadConsole.Say("begin");
        var start = Stopwatch.GetTimestamp();
        _isMeasuring = true;
        await Task.WhenAny(Task.Delay(TimeSpan.FromSeconds(options.Seconds)), Task.WhenAny(loops).Unwrap());
        _isMeasuring = false;
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        _isOver = true;
        await Task.WhenAll(loops).WaitAsync(TimeSpan.FromSeconds(30));
        LoadConsole.Say(new LoadResult(
            histograms.Sum(histogram => histogram.Count), seconds, LatencyHistogram.Percentile(histograms, 0.5),
                LatencyHistogram.Percentile(histograms, 0.99)));
    }

    private async Task LoopAsync(
        LatencyHistogram histogram, ConnectionContext? connection, byte[] message, Func<LoadTransport, ConnectionContext?, byte[], ValueTask> operation)
    {
        while (!_isOver)
        {
            var start = Stopwatch.GetTimestamp();
            await operation(_transport, connection, message);
            if (_isMeasuring)
            {
                histogram.Record(Stopwatch.GetTimestamp() - start);
            }
        }
    }

    private async Task ConnectIdleAsync()
    {
        // Connect and use each connection once, in parallel but not all at once.
        const int Concurrency = 64;
        var message = new byte[options.Bytes];
        await Parallel.ForEachAsync(Enumerable.Range(0, options.Connections), new ParallelOptions { MaxDegreeOfParallelism = Concurrency }, async (_, _) =>
        {
            var connection = await _transport.ConnectAsync();
            lock (_connections)
            {
                _connections.Add(connection);
            }

            await EchoOnceAsync(_transport, connection, message);
        });
        LoadConsole.Say("begin");
    }

    private async Task ConnectAllAsync()
    {
        for (var i = 0; i < options.Connections; i++)
        {
            _connections.Add(await _transport.ConnectAsync());
        }
    }

    private static async ValueTask ConnectOnceAsync(LoadTransport transport, ConnectionContext? unused, byte[] message)
    {
        await using var connection = await transport.ConnectAsync();
        await EchoOnceAsync(transport, connection, message);
    }

    private static async ValueTask EchoOnceAsync(LoadTransport transport, ConnectionContext? connection, byte[] message)
    {
        await connection!.Transport.Output.WriteAsync(message);
        var input = connection.Transport.Input;
        for (var missing = (long)message.Length; missing > 0;)
        {
            var read = await input.ReadAsync();
            missing -= read.Buffer.Length;
            input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted && missing > 0)
            {
                throw new InvalidOperationException("The far end closed the connection.");
            }
        }
    }
}

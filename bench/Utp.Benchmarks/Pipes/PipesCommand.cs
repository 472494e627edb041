using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Utp.Benchmarks.Ceiling;
using Utp.Transport.Connections;
using Utp.Transport.Engine;

namespace Utp.Benchmarks.Pipes;

/// <summary>Measures bulk transfer through the pipes of one connection, over loopback, as an application sees it.</summary>
internal static class PipesCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    public static async Task<int> RunAsync(PipesOptions options)
    {
        var runs = new List<PipesRun>();
        for (var i = 0; i < options.RunCount; i++)
        {
            foreach (var channel in options.Channels)
            {
                runs.Add(await RunOnceAsync(options, channel).WaitAsync(Patience));
            }
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"One connection through pipes on loopback, {(options.IsOneProcess ? "one process" : "two processes")}, {options.Mebibytes} MiB in writes "
                + $"of {options.WriteBytes} bytes, kernel buffers of {options.KernelBufferBytes}, {options.RunCount} runs: median (min-max)"));
        Console.WriteLine("channel     MB/s                     CPU s/GiB       retransmitted   allocated B/MiB");
        foreach (var group in runs.GroupBy(run => run.Channel))
        {
            Console.WriteLine(
                $"{group.Key,-10}  {Spread(group.Select(run => run.MegabytesPerSecond), "F0"),-23}  "
                    + $"{Spread(group.Select(run => run.CpuSecondsPerGibibyte), "F2"),-18} {group.Sum(run => run.SegmentsRetransmitted),-12} "
                    + $"{Spread(group.Select(run => run.AllocatedBytesPerMebibyte), "F0")}");
        }

        if (options.JsonPath is not null)
        {
            await File.WriteAllTextAsync(options.JsonPath, JsonSerializer.Serialize(runs, Json));
        }

        return 0;
    }

    private static string Spread(IEnumerable<double> values, string format)
    {
        var sorted = values.Order().Select(value => value.ToString(format, CultureInfo.InvariantCulture)).ToArray();
        return $"{sorted[sorted.Length / 2]} ({sorted[0]}-{sorted[^1]})";
    }

    private static async Task<PipesRun> RunOnceAsync(PipesOptions options, UtpDatagramOffload channel)
    {
        using var receiver = options.IsOneProcess ? null : StartReceiver(options.ToArguments(channel));
        var port = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var local = options.IsOneProcess ? PipesReceiver.RunAsync(options with { Channels = [channel] }, port.SetResult, default) : Task.CompletedTask;
        if (receiver is not null)
        {
            port.SetResult(int.Parse(await receiver.StandardOutput.ReadLineAsync() ?? string.Empty, CultureInfo.InvariantCulture));
        }

        await using var engine = new UtpEngine(Options.Create(options.ToTransportOptions(channel)), NullLoggerFactory.Instance, TimeProvider.System);
        var client = new UtpClientOptions();
        engine.DefaultOptions.CopyTo(client);
        await using var connection = await new UtpConnectionFactory(engine, client).ConnectAsync(new UtpEndPoint(IPAddress.Loopback, await port.Task));
        await TransferAsync(connection, options.PayloadBytes / 8, options.WriteBytes);

        var feature = connection.Features.Get<IUtpConnectionFeature>()!;
        var before = (Cpu: Environment.CpuUsage.TotalTime.TotalSeconds, Statistics: feature.Statistics, Allocated: GC.GetTotalAllocatedBytes(precise: true));
        var remoteCpu = await TransferAsync(connection, 1, 1);
        var start = Stopwatch.GetTimestamp();
        remoteCpu = await TransferAsync(connection, options.PayloadBytes, options.WriteBytes) - remoteCpu;
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var allocated = GC.GetTotalAllocatedBytes(precise: true) - before.Allocated;
        var cpu = Environment.CpuUsage.TotalTime.TotalSeconds - before.Cpu + (options.IsOneProcess ? 0 : remoteCpu);
        var retransmitted = feature.Statistics.SegmentsRetransmitted - before.Statistics.SegmentsRetransmitted;
        await connection.DisposeAsync();
        await local;
        if (receiver is not null)
        {
            await receiver.WaitForExitAsync();
        }

        return new PipesRun(
            CeilingOptions.NameOf(channel),
            options.PayloadBytes / seconds / 1e6,
            cpu / options.PayloadBytes * 1024 * 1024 * 1024,
            retransmitted,
            (double)allocated / options.Mebibytes);
    }

    /// <summary>Announces and writes this number of bytes, and returns the answer of the receiver when it has consumed them.</summary>
    private static async Task<double> TransferAsync(ConnectionContext connection, long bytes, int writeBytes)
    {
        var output = connection.Transport.Output;
        BinaryPrimitives.WriteInt64LittleEndian(output.GetSpan(sizeof(long)), bytes);
        output.Advance(sizeof(long));
        for (var left = bytes; left > 0;)
        {
            var memory = output.GetMemory((int)Math.Min(left, 4_096));
            var length = (int)Math.Min(Math.Min(memory.Length, left), writeBytes);
            memory.Span[..length].Fill((byte)left);
            output.Advance(length);
            left -= length;
            if ((output.UnflushedBytes >= writeBytes || left == 0) && (await output.FlushAsync()).IsCompleted)
            {
                throw new InvalidOperationException("The connection ended during the transfer.");
            }
        }

        var input = connection.Transport.Input;
        while (true)
        {
            var read = await input.ReadAsync();
            if (read.Buffer.PositionOf((byte)'\n') is { } end)
            {
                var text = Encoding.ASCII.GetString(read.Buffer.Slice(0, end));
                input.AdvanceTo(read.Buffer.GetPosition(1, end));
                return double.Parse(text, CultureInfo.InvariantCulture);
            }

            input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCompleted)
            {
                throw new InvalidOperationException("The far end closed the connection.");
            }
        }
    }

    private static Process StartReceiver(string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet")
        {
            start.ArgumentList.Add(typeof(PipesCommand).Assembly.Location);
        }

        start.ArgumentList.Add(PipesReceiver.Command);
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start) ?? throw new InvalidOperationException("The receiving process did not start.");
    }

    private sealed record PipesRun(string Channel, double MegabytesPerSecond, double CpuSecondsPerGibibyte, long SegmentsRetransmitted,
        double AllocatedBytesPerMebibyte);
}

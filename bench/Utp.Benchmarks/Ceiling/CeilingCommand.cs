using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Utp.Protocol.Addresses;
using Utp.Transport.Datagrams;
using Utp.Transport.Engine;

namespace Utp.Benchmarks.Ceiling;

/// <summary>
/// Measures the bare UDP ceiling of this machine: the throughput of a uTP without congestion control, timers, retransmission or pipes. Only ratios
/// to it are meaningful, not its numbers, because a train passes loopback uncut.
/// </summary>
internal static class CeilingCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    public static int Run(CeilingOptions options)
    {
        var runs = options.Channels.ToDictionary(channel => channel, _ => new List<CeilingRun>());
        for (var i = 0; i < options.RunCount; i++)
        {
            // The channels are interleaved, so that a noisy minute of the machine affects all of them equally.
            foreach (var channel in options.Channels)
            {
                runs[channel].Add(RunOnce(channel, options));
            }
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"Bare UDP on loopback, two processes, {options.DatagramBytes}-byte datagrams, {options.Mebibytes} MiB of payload, window "
                + $"{options.WindowBytes} bytes, {options.RunCount} runs: median (min-max)"));
        Console.WriteLine("channel     MB/s                     CPU s/GiB (both processes)");
        foreach (var (channel, results) in runs)
        {
            Console.WriteLine(
                $"{CeilingOptions.NameOf(channel),-10}  {Spread(results.Select(run => run.MegabytesPerSecond), "F0"),-23}  "
                + $"{Spread(results.Select(run => run.CpuSecondsPerGibibyte), "F2")}");
        }

        if (options.JsonPath is not null)
        {
            File.WriteAllText(options.JsonPath, JsonSerializer.Serialize(ToReport(options, runs), Json));
        }

        return 0;
    }

    private static string Spread(IEnumerable<double> values, string format)
    {
        var sorted = values.Order().Select(value => value.ToString(format, CultureInfo.InvariantCulture)).ToArray();
        return $"{sorted[sorted.Length / 2]} ({sorted[0]}-{sorted[^1]})";
    }

    internal static CeilingRun RunOnce(UtpDatagramOffload offload, CeilingOptions options)
    {
        var clock = new UtpClock(TimeProvider.System);
        var transport = new UtpTransportOptions { DatagramOffload = offload };
        using var receiver = StartReceiver(options.ToArguments(offload));
        try
        {
            using var channel = DatagramChannelFactory.Create(new IPEndPoint(IPAddress.Loopback, 0), transport, clock, NullLogger.Instance);
            var port = ushort.Parse(ReadLine(receiver), CultureInfo.InvariantCulture);
            var sender = new CeilingSender(channel, clock, PeerAddress.FromIPv4(0x7F000001, port), options);
            TransferOnce(sender, receiver, options.PacketCount / 8);

            var cpu = Environment.CpuUsage.TotalTime;
            var start = Stopwatch.GetTimestamp();
            var receiverCpuSeconds = TransferOnce(sender, receiver, options.PacketCount);
            var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            var cpuSeconds = (Environment.CpuUsage.TotalTime - cpu).TotalSeconds + receiverCpuSeconds;
            sender.Tell(CeilingPacket.Quit);

            var bytes = (double)options.PacketCount * (options.DatagramBytes - CeilingHeader.Length);
            return new CeilingRun(bytes / seconds / 1e6, cpuSeconds / bytes * (1L << 30));
        }
        finally
        {
            receiver.StandardInput.Close();
            if (!receiver.WaitForExit(Patience))
            {
                receiver.Kill();
            }
        }
    }

    /// <summary>Transfers once; returns the processor seconds of the receiver.</summary>
    private static double TransferOnce(CeilingSender sender, Process receiver, long packetCount)
    {
        sender.Transfer(packetCount);
        sender.Tell(CeilingPacket.End);
        var report = ReadLine(receiver).Split(' ');
        return long.Parse(report[0], CultureInfo.InvariantCulture) == packetCount
            ? double.Parse(report[1], CultureInfo.InvariantCulture)
            : throw new InvalidOperationException($"The receiver counted {report[0]} packets of {packetCount}: the rest was lost.");
    }

    private static string ReadLine(Process receiver)
    {
        var line = receiver.StandardOutput.ReadLineAsync();
        return line.Wait(Patience) && line.Result is { } text ? text : throw new InvalidOperationException("The receiving process said nothing.");
    }

    private static Process StartReceiver(string[] arguments)
    {
        var program = Environment.ProcessPath ?? throw new InvalidOperationException("The path of this program is unknown.");
        var start = new ProcessStartInfo(program) { RedirectStandardInput = true, RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
        {
            start.ArgumentList.Add(typeof(CeilingCommand).Assembly.Location);
        }

        start.ArgumentList.Add(CeilingReceiver.Command);
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start) ?? throw new InvalidOperationException("The receiving process did not start.");
    }

    private static object ToReport(CeilingOptions options, Dictionary<UtpDatagramOffload, List<CeilingRun>> runs) => new
    {
        Benchmark = "ceiling",
        Commit = Environment.GetEnvironmentVariable("UTP_COMMIT"),
        Date = DateTimeOffset.UtcNow,
        Machine = new
        {
            System = RuntimeInformation.OSDescription,
            Architecture = RuntimeInformation.ProcessArchitecture.ToString(),
            Runtime = RuntimeInformation.FrameworkDescription,
            Environment.ProcessorCount,
        },
        Settings = new { options.Mebibytes, options.RunCount, options.WindowBytes, options.DatagramBytes, options.PacketsPerAcknowledgement },
        Channels = runs.ToDictionary(pair => CeilingOptions.NameOf(pair.Key), pair => pair.Value),
    };
}

internal sealed record CeilingRun(double MegabytesPerSecond, double CpuSecondsPerGibibyte);

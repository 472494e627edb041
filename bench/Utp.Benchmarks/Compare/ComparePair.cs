using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Utp.Benchmarks.Ceiling;
using Utp.Benchmarks.Loads;

namespace Utp.Benchmarks.Compare;

/// <summary>Runs one load between two new processes, and reads the processor clocks of both at its beginning and end.</summary>
internal sealed class ComparePair(CompareOptions options)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ConnectPatience = TimeSpan.FromMinutes(5);

    public CompareRun Run(Measure measure, Subject subject)
    {
        if (subject.Kind == SubjectKind.Ceiling)
        {
            return RunCeiling(subject);
        }

        var load = measure.Load with { Channel = subject.Channel };
        using var server = Start(measure, subject, LoadServer.Command, load);
        var port = int.Parse(server.ReadLine(Patience), CultureInfo.InvariantCulture);
        using var client = Start(measure, subject, LoadClient.Command, load with { Port = port });
        return load.Kind switch
        {
            LoadKind.Idle => RunIdle(load, server, client),
            LoadKind.Bulk => RunBulk(server, client),
            _ => RunOperations(measure, server, client),
        };
    }

    private static CompareRun RunBulk(ChildProcess server, ChildProcess client)
    {
        client.Ask("go", Patience);
        client.ReadLine(Patience);
        var (bytes, cpu, start) = (Consumed(server), server.CpuSeconds + client.CpuSeconds, Stopwatch.GetTimestamp());
        client.ReadLine(Patience);
        bytes = Consumed(server) - bytes;
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        cpu = server.CpuSeconds + client.CpuSeconds - cpu;
        return bytes > 0
            ? new CompareRun(bytes / seconds / 1e6, cpu / bytes * (1L << 30))
            : throw new InvalidOperationException("Nothing arrived.");
    }

    private static CompareRun RunOperations(Measure measure, ChildProcess server, ChildProcess client)
    {
        client.Ask("go", Patience);
        client.ReadLine(Patience);
        var cpu = server.CpuSeconds + client.CpuSeconds;
        var result = JsonSerializer.Deserialize<LoadResult>(client.ReadLine(Patience)["end ".Length..])!;
        cpu = server.CpuSeconds + client.CpuSeconds - cpu;
        if (result.Operations == 0)
        {
            throw new InvalidOperationException("No operation came to its end.");
        }

        var value = measure.Unit == "us" ? result.P50Micros : result.Operations / result.Seconds;
        return new CompareRun(value, cpu / result.Operations * 1e6, result.P50Micros, result.P99Micros);
    }

    private static CompareRun RunIdle(LoadOptions load, ChildProcess server, ChildProcess client)
    {
        var before = Memory(server);
        client.Ask("go", Patience);
        client.ReadLine(ConnectPatience);
        var after = Memory(server);
        var (cpu, start) = (server.CpuSeconds, Stopwatch.GetTimestamp());
        Thread.Sleep(TimeSpan.FromSeconds(load.Seconds));
        cpu = (server.CpuSeconds - cpu) / Stopwatch.GetElapsedTime(start).TotalSeconds;
        return new CompareRun(
            (double)(after.Resident - before.Resident) / load.Connections, cpu, ManagedBytes: (double)(after.Managed - before.Managed) / load.Connections);
    }

    private static (long Managed, long Resident) Memory(ChildProcess process)
    {
        var numbers = process.Ask("memory", Patience).Split(' ');
        return (long.Parse(numbers[0], CultureInfo.InvariantCulture), long.Parse(numbers[1], CultureInfo.InvariantCulture));
    }

    private static long Consumed(ChildProcess server) => long.Parse(server.Ask("count", Patience), CultureInfo.InvariantCulture);

    private CompareRun RunCeiling(Subject subject)
    {
        // This takes about as long as the runs that it is compared with.
        var mebibytes = (int)((subject.Channel == UtpDatagramOffload.Segmentation ? 4_000 : 500) * options.Seconds);
        var run = CeilingCommand.RunOnce(subject.Channel!.Value, new CeilingOptions { Mebibytes = mebibytes });
        return new CompareRun(run.MegabytesPerSecond, run.CpuSecondsPerGibibyte);
    }

    private ChildProcess Start(Measure measure, Subject subject, string command, LoadOptions load)
    {
        var environment = new Dictionary<string, string>();
        if (subject.Kind == SubjectKind.Libutp)
        {
            environment["NODE_PATH"] = Path.Combine(Path.GetFullPath(options.LibutpFolder), "node_modules");
            return ChildProcess.Start("node", [Path.Combine(AppContext.BaseDirectory, "Loads", "libutp.js"), command, .. load.ToArguments()], environment);
        }

        // Methods are compiled again as soon as they are warm, not when the process has been idle for a while: that takes a third of the time.
        environment["DOTNET_TC_CallCountingDelayMs"] = "0";
        if (options.ServerGarbageCollector || measure.ServerGarbageCollector)
        {
            environment["DOTNET_gcServer"] = "1";
        }

        return ChildProcess.StartSelf(command, load.ToArguments(), environment);
    }
}

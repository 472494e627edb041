using Utp.Benchmarks.Loads;

namespace Utp.Benchmarks.Compare;

/// <summary>A measure and its subjects.</summary>
/// <param name="Name">The name, which is stable because bars and reports refer to it.</param>
/// <param name="Unit">The unit of the value; CPU is per GiB for "MB/s", else per operation.</param>
/// <param name="Load">The load of both processes; channel and port are filled in.</param>
/// <param name="Subjects">The subjects in the order of a round.</param>
internal sealed record Measure(string Name, string Unit, LoadOptions Load, IReadOnlyList<Subject> Subjects)
{
    /// <summary>Whether both ends run with the server garbage collector.</summary>
    public bool ServerGarbageCollector { get; init; }

    /// <summary>Factor for the number of runs, for measures with several modes, of which each run takes one at random.</summary>
    public int RunFactor { get; init; } = 1;

    /// <summary>The family: measures that are compared with each other, and so taken in the same rounds.</summary>
    public string Family => Name.Split('-')[0];

    private const int StockKernelBufferBytes = 212_992;
    private const int JumboBytes = 9_000;
    private const int LoopbackBytes = 65_507;

    public static IReadOnlyList<Measure> All(CompareOptions options)
    {
        var load = new LoadOptions { WarmupSeconds = options.WarmupSeconds, Seconds = options.Seconds };
        IReadOnlyList<Subject> withCeilings = [.. Subject.Utp, Subject.Tcp, Subject.Libutp, .. Subject.Ceilings];
        IReadOnlyList<Subject> all = [Subject.UtpPortable, Subject.UtpOffload, Subject.Tcp, Subject.Libutp];
        IReadOnlyList<Subject> utpAndTcp = [Subject.UtpPortable, Subject.UtpOffload, Subject.Tcp];
        IReadOnlyList<Subject> best = [Subject.UtpOffload];
        IReadOnlyList<Subject> offloadAndTcp = [Subject.UtpOffload, Subject.Tcp];
        var bulk16 = load with { Connections = 16 };
        var echo = load with { Kind = LoadKind.Echo, Connections = 64, Bytes = 64 };
        var http = load with { Kind = LoadKind.Http, Connections = 64 };
        return
        [
            new("bulk-1", "MB/s", load, withCeilings),
            new("bulk-16", "MB/s", bulk16, all),
            new("bulk-1-stock-buffers", "MB/s", load with { KernelBufferBytes = StockKernelBufferBytes },
                [Subject.UtpPortable, Subject.UtpOffload, Subject.Libutp]),
            new("bulk-16-stock-buffers", "MB/s", bulk16 with { KernelBufferBytes = StockKernelBufferBytes }, best),
            new("bulk-16-shards-2", "MB/s", bulk16 with { Shards = 2 }, best),
            new("bulk-1-mtu-9000", "MB/s", load with { MtuCeiling = JumboBytes }, best),
            new("bulk-1-mtu-65507", "MB/s", load with { MtuCeiling = LoopbackBytes }, best),
            new("bulk-1-server-gc", "MB/s", load, best) { ServerGarbageCollector = true },
            new("echo-64B", "messages/s", echo, all),
            new("echo-64B-server-gc", "messages/s", echo, best) { ServerGarbageCollector = true },
            new("echo-64B-shards-2", "messages/s", echo with { Shards = 2 }, best),
            new("echo-1KiB", "messages/s", echo with { Bytes = 1024 }, [Subject.UtpOffload, Subject.Tcp, Subject.Libutp]),
            new("echo-64B-inline", "messages/s", echo with { IsInline = true }, offloadAndTcp),
            new("ping-pong", "us", echo with { Bytes = 1, Connections = 1 }, all) { RunFactor = 3 },
            new("ping-pong-inline", "us", echo with { Bytes = 1, Connections = 1, IsInline = true }, offloadAndTcp),
            new("connect", "connections/s", load with { Kind = LoadKind.Connect, Connections = 16, Bytes = 1 }, utpAndTcp),
            new("connect-shards-2", "connections/s", load with { Kind = LoadKind.Connect, Connections = 16, Bytes = 1, Shards = 2 }, best),
            new("http", "requests/s", http, utpAndTcp),
            new("http-inline", "requests/s", http with { IsInline = true }, offloadAndTcp),
            new("http-server-gc", "requests/s", http, best) { ServerGarbageCollector = true },
            new("idle-10000", "bytes", load with { Kind = LoadKind.Idle, Connections = 10_000, Bytes = 64, Seconds = options.IdleSeconds },
                [Subject.UtpOffload, Subject.Tcp]),
            new("idle-50000", "bytes", load with { Kind = LoadKind.Idle, Connections = 50_000, Bytes = 64, Seconds = options.IdleSeconds }, best),
        ];
    }

    /// <summary>Gets the number of runs. Memory varies less than speed, and each idle run lasts a minute.</summary>
    public int RunCount(CompareOptions options) => Load.Kind == LoadKind.Idle ? Math.Min(options.RunCount, options.IdleRunCount) : options.RunCount * RunFactor;
}

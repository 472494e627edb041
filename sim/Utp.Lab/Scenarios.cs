using Utp.Simulation;
using Utp.Simulation.Network;
using Utp.Simulation.Probes;

namespace Utp.Lab;

/// <summary>The experiments of the catalogue that real kernels can run too, with the tolerances within which both must agree.</summary>
internal static class Scenarios
{
    /// <summary>Fraction of the path, for flows without competition or against their own kind.</summary>
    private const double GoodputTolerance = 0.05;

    /// <summary>Fraction of the path, for competition with TCP.</summary>
    private const double ShareTolerance = 0.10;

    private const double QueueToleranceMs = 10;

    private static readonly LinkSettings Clean = new() { Name = "forward" };

    public static IReadOnlyList<Scenario> All { get; } =
    [
        Alone("solo", "1 Solo", FlowKind.Utp, 60),
        Alone("cubic", "CUBIC alone", FlowKind.Cubic, 60),
        Alone("reno", "Reno alone", FlowKind.Reno, 60),
        Yield("yield-cubic", "2, 3 Yield to CUBIC and recover", FlowKind.Cubic),
        Yield("yield-reno", "2, 3 Yield to Reno and recover", FlowKind.Reno),
        ManyFlows(),
        Latecomer(),
        Disorder("reorder", "8 Reordering 2 % by 4 ms", Clean with { ReorderProbability = 0.02, ReorderExtraNanos = Nanos.FromMilliseconds(4) }),
        Disorder("duplicate", "8 Duplication 2 %", Clean with { DuplicateProbability = 0.02 }),
        Disorder("jitter", "8 Jitter 10 ms", Clean with { JitterNanos = Nanos.FromMilliseconds(10) }),
        Alone("shallow", "11 Buffer of 30 ms", FlowKind.Utp, 60) with { BufferMs = 30 },
        ShallowContest(),
        FastPath(),
    ];

    private static Scenario Alone(string name, string title, FlowKind kind, double seconds) => new()
    {
        Name = name,
        Title = title,
        Seconds = seconds,
        Flows = [new LabFlow(kind, 0, seconds)],
        Figures = recording =>
        [
            Share("of the path, 10-60 s", recording, 0, 10, seconds, 20, GoodputTolerance),
            new Figure("queue p50, ms", recording.QueueMs(10, seconds).P50, QueueToleranceMs),
        ],
    };

    private static Scenario Yield(string name, string title, FlowKind tcp) => new()
    {
        Name = name,
        Title = title,
        Seconds = 70,
        Flows = [new LabFlow(FlowKind.Utp, 0, 70), new LabFlow(tcp, 20, 55)],
        Figures = recording =>
        [
            Share("TCP of the path, 20-30 s", recording, 1, 20, 30, 20, ShareTolerance),
            Share("TCP of the path, 30-55 s", recording, 1, 30, 55, 20, ShareTolerance),
            Share("uTP of the path, 30-55 s", recording, 0, 30, 55, 20, ShareTolerance),
            Share("uTP of the path, 1-6 s after TCP left", recording, 0, 56, 61, 20, ShareTolerance),
            Share("uTP of the path, 6-11 s after TCP left", recording, 0, 61, 66, 20, GoodputTolerance),
        ],
    };

    private static Scenario ManyFlows() => new()
    {
        Name = "eight",
        Title = "4 Eight flows",
        RateMbit = 50,
        Seconds = 90,
        Flows = [.. Enumerable.Range(0, 8).Select(i => new LabFlow(FlowKind.Utp, i * 0.5, 90))],
        Figures = recording =>
        {
            var shares = Enumerable.Range(0, 8).Select(i => recording.GoodputMbit(i, 30, 90)).ToArray();
            return
            [
                new Figure("Jain, 30-90 s", Distribution.Jain(shares), 0.05),
                new Figure("of the path, 30-90 s", shares.Sum() / (50 * 1_452.0 / 1_514), GoodputTolerance),
                new Figure("queue p50, ms", recording.QueueMs(30, 90).P50, QueueToleranceMs),
            ];
        },
    };

    private static Scenario Latecomer() => new()
    {
        Name = "latecomer",
        Title = "5 Latecomer",
        Seconds = 100,
        Flows = [new LabFlow(FlowKind.Utp, 0, 100), new LabFlow(FlowKind.Utp, 15, 100)],
        Figures = recording =>
        [
            Share("early of the path, 30-100 s", recording, 0, 30, 100, 20, GoodputTolerance),
            Share("late of the path, 30-100 s", recording, 1, 30, 100, 20, GoodputTolerance),
            new Figure("Jain, 30-100 s", Distribution.Jain(recording.GoodputMbit(0, 30, 100), recording.GoodputMbit(1, 30, 100)), 0.05),
            new Figure("queue p50, 30-100 s, ms", recording.QueueMs(30, 100).P50, QueueToleranceMs),
        ],
    };

    private static Scenario Disorder(string name, string title, LinkSettings impairments) => new()
    {
        Name = name,
        Title = title,
        Impairments = impairments,
        Seconds = 40,
        Flows = [new LabFlow(FlowKind.Utp, 0, 40)],
        Figures = recording => [Share("of the path, 10-40 s", recording, 0, 10, 40, 20, GoodputTolerance)],
    };

    private static Scenario ShallowContest() => new()
    {
        Name = "shallow-cubic",
        Title = "11 Buffer of 30 ms, with CUBIC",
        BufferMs = 30,
        Seconds = 80,
        Flows = [new LabFlow(FlowKind.Utp, 0, 80), new LabFlow(FlowKind.Cubic, 20, 80)],
        Figures = recording =>
        [
            Share("TCP of the path, 30-80 s", recording, 1, 30, 80, 20, ShareTolerance),
            Share("uTP of the path, 30-80 s", recording, 0, 30, 80, 20, ShareTolerance),
        ],
    };

    private static Scenario FastPath() => new()
    {
        Name = "fast",
        Title = "13 100 Mbit/s x 100 ms",
        RateMbit = 100,
        RoundTripMs = 100,
        Seconds = 45,
        Flows = [new LabFlow(FlowKind.Utp, 0, 45)],
        Figures = recording =>
        [
            Share("of the path, 0-5 s", recording, 0, 0, 5, 100, GoodputTolerance),
            Share("of the path, 10-45 s", recording, 0, 10, 45, 100, GoodputTolerance),
        ],
    };

    private static Figure Share(string what, Recording recording, int flow, double from, double to, double rateMbit, double tolerance) =>
        new(what, recording.GoodputMbit(flow, from, to) / (rateMbit * 1_452 / 1_514), tolerance);
}

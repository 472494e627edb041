using System.Globalization;
using System.Text;
using Utp.Protocol.Congestion.Ledbat;
using Utp.Simulation.Network;
using Utp.Simulation.Nodes;
using Utp.Simulation.Probes;
using Utp.Simulation.Scenarios;
using Utp.Simulation.Tcp;
using Utp.Transport;

namespace Utp.Simulation.Tests.Catalogue;

/// <summary>
/// What each refinement of LEDBAT++ is worth: the experiments with all of them, with each left out, and with the draft alone. Two minutes of
/// computing, so it runs only when the tables are written; that each earns its place is asserted by <see cref="RefinementTests"/> in every run.
/// </summary>
internal static class Refinements
{
    private const string Begin = "<!-- refinements: begin (generated) -->";
    private const string End = "<!-- refinements: end -->";

    public static IReadOnlyList<(string Name, LedbatPlusPlusSwitches Switches)> Variants { get; } =
    [
        ("all", LedbatPlusPlusSwitches.Default),
        ("no one-way delay", LedbatPlusPlusSwitches.Default with { UsesOneWayDelay = false }),
        ("C = 1", LedbatPlusPlusSwitches.Default with { DecreaseConstant = 1 }),
        ("no re-probing", LedbatPlusPlusSwitches.Default with { ReprobesEmptyPath = false }),
        ("no rebasing", LedbatPlusPlusSwitches.Default with { RebasesAfterRouteChange = false }),
        ("no shallow target", LedbatPlusPlusSwitches.Default with { StaysBelowShallowBuffers = false }),
        ("no early slowdown", LedbatPlusPlusSwitches.Default with { SlowsDownForNewcomers = false }),
        ("no joining", LedbatPlusPlusSwitches.Default with { JoinsSlowdowns = false }),
        ("no revealed path", LedbatPlusPlusSwitches.Default with { ReturnsToRevealedPath = false }),
        ("no tolerance of loss", LedbatPlusPlusSwitches.Default with { ToleratesRandomLoss = false }),
        ("draft", LedbatPlusPlusSwitches.Draft),
    ];

    public static IReadOnlyList<Comparison> All { get; } =
    [
        new("1 alone", Alone, new Figure("of the path, 10-60 s", 0.92)),
        new("2, 3 with CUBIC", Yield, new Figure("TCP of its own solo, 30-55 s", 0.97), new Figure("of the path 1-6 s after it left", 0.80)),
        new("4 eight flows", EightFlows, new Figure("Jain, 30-90 s", 0.95), new Figure("of the path", 0.97)),
        new("eight at 100 Mbit/s x 20 ms", Crowd, new Figure("Jain, 30-90 s", double.NaN)),
        new("5 latecomer", Latecomer, new Figure("Jain, 30-100 s", 0.97)),
        new("6 20 and 200 ms", RoundTripMix, new Figure("Jain, 20-80 s", 0.80)),
        new("7 loss of 1 %", RandomLoss, new Figure("of the path, 5-60 s", 0.85)),
        new("9 skew of -200 ppm", Skew, new Figure("of the path in the worst minute", 0.88)),
        new("10 full path back", ReverseCongestion, new Figure("of the path, 20-45 s", 0.70)),
        new("11 buffer of 30 ms", ShallowBuffer, new Figure("CUBIC of the path, 30-80 s", 0.68)),
        new("12 CoDel", CoDel, new Figure("CUBIC of the path, 30-80 s", 0.53)),
        new("14 80 ms longer", LongerRoute, new Figure("of the path, 30-80 s", 0.85)),
    ];

    /// <summary>Rows are figures, columns are variants; bold where the bar of the catalogue is missed.</summary>
    public static string Table(IReadOnlyList<ulong> seeds)
    {
        var table = new StringBuilder("| Figure | Bar |");
        table.Append(string.Concat(Variants.Select(variant => $" {variant.Name} |"))).Append("\n|---|---|");
        table.Append(string.Concat(Enumerable.Repeat("---|", Variants.Count))).Append('\n');
        foreach (var comparison in All)
        {
            var columns = Variants.Select(variant => comparison.Worst(variant.Switches, seeds)).ToList();
            for (var i = 0; i < comparison.Figures.Count; i++)
            {
                var figure = comparison.Figures[i];
                table.Append(CultureInfo.InvariantCulture,
                    $"| {comparison.Name}: {figure.What} | {(double.IsNaN(figure.Bar) ? "" : Scorecard.Format(figure.Bar))} |");
                foreach (var column in columns)
                {
                    var text = Scorecard.Format(column[i]);
                    table.Append(CultureInfo.InvariantCulture, $" {(column[i] < figure.Bar ? $"**{text}**" : text)} |");
                }

                table.Append('\n');
            }
        }

        return table.ToString();
    }

    public static void Write(IReadOnlyList<ulong> seeds) => Snapshot.Replace(Begin, End, Table(seeds));

    public static double[] Alone(ulong seed, LedbatPlusPlusSwitches switches)
    {
        using var lab = new Dumbbell(seed, new DumbbellSettings());
        var (_, flow) = lab.AddUtp(Bulk(switches), Experiment.Around(lab, "utp", 0));
        lab.RunUntil(60);
        return [flow.GoodputMbit(10, 60) / lab.CeilingMbit];
    }

    public static double[] Yield(ulong seed, LedbatPlusPlusSwitches switches)
    {
        using var alone = new Dumbbell(seed, new DumbbellSettings());
        var comes = Experiment.Around(alone, "tcp", 20);
        var (_, solo) = alone.AddTcp(TcpVariant.Cubic, comes, 55);
        alone.RunUntil(55);

        using var lab = new Dumbbell(seed, new DumbbellSettings());
        var (_, utp) = lab.AddUtp(Bulk(switches), Experiment.Around(lab, "utp", 0));
        var (_, tcp) = lab.AddTcp(TcpVariant.Cubic, comes, 55);
        lab.RunUntil(61);
        return [tcp.GoodputMbit(30, 55) / solo.GoodputMbit(30, 55), utp.GoodputMbit(56, 61) / lab.CeilingMbit];
    }

    public static double[] EightFlows(ulong seed, LedbatPlusPlusSwitches switches) => Crowd(seed, switches, new DumbbellSettings { RateMbit = 50 });

    /// <summary>Not in the catalogue: many packets per round trip and a short one, where the base delay of late flows is the most mistaken.</summary>
    public static double[] Crowd(ulong seed, LedbatPlusPlusSwitches switches) =>
        [Crowd(seed, switches, new DumbbellSettings { RateMbit = 100, RoundTripMs = 20 })[0]];

    private static double[] Crowd(ulong seed, LedbatPlusPlusSwitches switches, DumbbellSettings settings)
    {
        using var lab = new Dumbbell(seed, settings);
        var flows = Enumerable.Range(0, 8).Select(i => lab.AddUtp(Bulk(switches), Experiment.Around(lab, $"utp{i}", i * 0.5)).Series).ToList();
        lab.RunUntil(90);
        var shares = flows.ConvertAll(flow => flow.GoodputMbit(30, 90));
        return [Distribution.Jain([.. shares]), shares.Sum() / lab.CeilingMbit];
    }

    public static double[] Latecomer(ulong seed, LedbatPlusPlusSwitches switches)
    {
        using var lab = new Dumbbell(seed, new DumbbellSettings());
        var (_, early) = lab.AddUtp(Bulk(switches), Experiment.Around(lab, "early", 0));
        var (_, late) = lab.AddUtp(Bulk(switches), Experiment.Around(lab, "late", 15));
        lab.RunUntil(100);
        return [Distribution.Jain(late.GoodputMbit(30, 100), early.GoodputMbit(30, 100))];
    }

    public static double[] RoundTripMix(ulong seed, LedbatPlusPlusSwitches switches)
    {
        using var lab = new Dumbbell(seed, new DumbbellSettings { RoundTripMs = 20, BufferMs = 300 });
        var (_, near) = lab.AddUtp(Bulk(switches), Experiment.Around(lab, "near", 0));
        var (_, far) = lab.AddUtp(Bulk(switches), Experiment.Around(lab, "far", 0), extraRoundTripMs: 180);
        lab.RunUntil(80);
        return [Distribution.Jain(near.GoodputMbit(20, 80), far.GoodputMbit(20, 80))];
    }

    public static double[] RandomLoss(ulong seed, LedbatPlusPlusSwitches switches)
    {
        using var lab = new Dumbbell(seed, new DumbbellSettings { Impairments = new() { Name = "forward", LossProbability = 0.01 } });
        var (_, utp) = lab.AddUtp(Bulk(switches));
        lab.RunUntil(60);
        return [utp.GoodputMbit(5, 60) / lab.CeilingMbit];
    }

    public static double[] Skew(ulong seed, LedbatPlusPlusSwitches switches)
    {
        using var lab = new Dumbbell(seed, new DumbbellSettings { RateMbit = 10 });
        var (_, flow) = lab.AddUtp(Bulk(switches) with { RightClock = new NodeClock(77_000_000, -200) });
        lab.RunUntil(600);
        return [Enumerable.Range(0, 10).Min(minute => flow.GoodputMbit(60 * minute, 60 * (minute + 1))) / lab.CeilingMbit];
    }

    public static double[] ReverseCongestion(ulong seed, LedbatPlusPlusSwitches switches)
    {
        using var lab = new Dumbbell(seed, new DumbbellSettings { ReverseRateMbit = 5, ReverseBufferMs = 300 });
        var (_, utp) = lab.AddUtp(Bulk(switches), Experiment.Around(lab, "utp", 0));
        lab.AddTcp(TcpVariant.Cubic, Experiment.Around(lab, "tcp", 15), 45, isReverse: true);
        lab.RunUntil(45);
        return [utp.GoodputMbit(20, 45) / lab.CeilingMbit];
    }

    public static double[] ShallowBuffer(ulong seed, LedbatPlusPlusSwitches switches) =>
        [TcpShare(seed, switches, new DumbbellSettings { BufferMs = 30 })];

    public static double[] CoDel(ulong seed, LedbatPlusPlusSwitches switches) =>
        [TcpShare(seed, switches, new DumbbellSettings { CoDel = new CoDelSettings() })];

    public static double[] LongerRoute(ulong seed, LedbatPlusPlusSwitches switches)
    {
        using var lab = new Dumbbell(seed, new DumbbellSettings());
        var (_, flow) = lab.AddUtp(Bulk(switches), Experiment.Around(lab, "utp", 0));
        lab.At(16, () => lab.Forward.PropagationNanos += Nanos.FromMilliseconds(80));
        lab.RunUntil(80);
        return [flow.GoodputMbit(30, 80) / lab.CeilingMbit];
    }

    private static double TcpShare(ulong seed, LedbatPlusPlusSwitches switches, DumbbellSettings settings)
    {
        using var lab = new Dumbbell(seed, settings);
        lab.AddUtp(Bulk(switches), Experiment.Around(lab, "utp", 0));
        var (_, tcp) = lab.AddTcp(TcpVariant.Cubic, Experiment.Around(lab, "tcp", 20));
        lab.RunUntil(80);
        return tcp.GoodputMbit(30, 80) / (settings.RateMbit * TcpSender.SegmentBytes / Dumbbell.FullWire);
    }

    public static UtpFlowSettings Bulk(LedbatPlusPlusSwitches switches)
    {
        var bulk = Experiment.Bulk(UtpCongestionControl.LedbatPlusPlus);
        return bulk with { Connection = bulk.Connection with { LedbatPlusPlusSwitches = switches } };
    }

    /// <summary>What is compared, and the bar that the catalogue sets for it, if any.</summary>
    internal sealed record Figure(string What, double Bar);

    /// <summary>An experiment that gives figures for any set of refinements.</summary>
    internal sealed class Comparison(string name, Func<ulong, LedbatPlusPlusSwitches, double[]> run, params Figure[] figures)
    {
        public string Name { get; } = name;

        public IReadOnlyList<Figure> Figures { get; } = figures;

        public double[] Worst(LedbatPlusPlusSwitches switches, IReadOnlyList<ulong> seeds)
        {
            var runs = seeds.AsParallel().AsOrdered().Select(seed => run(seed, switches)).ToList();
            return [.. Enumerable.Range(0, Figures.Count).Select(i => runs.Min(values => values[i]))];
        }
    }
}

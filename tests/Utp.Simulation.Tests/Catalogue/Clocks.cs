using Utp.Simulation.Nodes;
using Utp.Simulation.Probes;
using Utp.Simulation.Scenarios;
using Utp.Transport;
using Xunit.Abstractions;

namespace Utp.Simulation.Tests.Catalogue;

/// <summary>Experiment 9, first part: the peers' clocks run at different speeds for ten minutes.</summary>
public class ClockSkew(ITestOutputHelper output) : Experiment(output)
{
    [Theory]
    [MemberData(nameof(AllSeeds))]
    public void LedbatPlusPlus_WithClocksApartBy200PartsPerMillion_HoldsItsQueue(ulong seed) => Judge("9 Clock skew", seed, card =>
    {
        Measure("+200 ppm", 200, "reference model, one-way delay only: 0.06 after 9 min");
        Measure("-200 ppm", -200, "");

        void Measure(string label, double skew, string anchor)
        {
            using var lab = new Dumbbell(seed, new DumbbellSettings { RateMbit = 10 });
            var (_, flow) = lab.AddUtp(Bulk(UtpCongestionControl.LedbatPlusPlus) with { RightClock = new NodeClock(77_000_000, skew) });
            lab.RunUntil(600);

            var minutes = Enumerable.Range(0, 10).ToList();
            card.AtLeast(label + ": utilisation of the worst minute", minutes.Min(m => flow.GoodputMbit(60 * m, 60 * (m + 1))) / lab.CeilingMbit, 0.88, anchor);
            var medians = minutes.ConvertAll(m => lab.Probe.QueueMs(60 * m, 60 * (m + 1)).P50);
            card.AtLeast(label + ": least queue p50 of a minute, ms", medians.Min(), 40);
            card.AtMost(label + ": greatest queue p50 of a minute, ms", medians.Max(), 75);
        }
    });
}

/// <summary>Experiment 9, second part: the clock that stamps packets jumps, or wraps.</summary>
public class ClockSteps(ITestOutputHelper output) : Experiment(output)
{
    private const double StepsAt = 20;

    [Theory]
    [MemberData(nameof(AllSeeds))]
    public void LedbatPlusPlus_WhenAClockJumpsOrWraps_RecoversAtOnce(ulong seed) => Judge("9 Clock steps and wrap", seed, card =>
    {
        foreach (var step in new[] { 5, -5 })
        {
            using var lab = new Dumbbell(seed, new DumbbellSettings { RateMbit = 10 });
            var (flow, series) = lab.AddUtp(Bulk(UtpCongestionControl.LedbatPlusPlus));
            lab.At(StepsAt, () => flow.Right.Clock.WireStepMicros += step * 1_000_000L);
            lab.RunUntil(60);
            card.AtLeast($"peer clock {step:+0;-0} s: utilisation, 5-15 s after", series.GoodputMbit(25, 35) / lab.CeilingMbit, 0.88);
            card.AtMost($"peer clock {step:+0;-0} s: queue p95 from 5 s after, ms", lab.Probe.QueueMs(25, 60).P95, 75);
        }

        // Both clocks pass 2^32 microseconds, one 5 s and the other 10 s into the run.
        const long wrap = 1L << 32;
        using var wrapping = new Dumbbell(seed, new DumbbellSettings { RateMbit = 10 });
        var clocks =
            Bulk(UtpCongestionControl.LedbatPlusPlus) with { LeftClock = new NodeClock(wrap - 5_000_000), RightClock = new NodeClock(wrap - 10_000_000) };
        var (_, wrapped) = wrapping.AddUtp(clocks);
        wrapping.RunUntil(60);
        card.AtLeast("timestamp wrap: utilisation, 4-20 s", wrapped.GoodputMbit(4, 20) / wrapping.CeilingMbit, 0.88);
        card.AtMost("timestamp wrap: queue p95, 4-20 s, ms", wrapping.Probe.QueueMs(4, 20).P95, 75);
    });
}

/// <summary>Experiment 9, third part: three quarters of an hour. Base delays age out, and what replaces them must not be the flow's own queue.</summary>
public class Drift(ITestOutputHelper output) : Experiment(output)
{
    private const double Minutes = 45;

    [Theory]
    [MemberData(nameof(AllSeeds))]
    public void LedbatPlusPlus_ForThreeQuartersOfAnHour_HoldsItsQueue(ulong seed) => Judge("9 Drift, LEDBAT++", seed, card =>
    {
        using var lab = Run(seed, UtpCongestionControl.LedbatPlusPlus, out var flow);

        card.AtLeast("utilisation of the last minute", flow.GoodputMbit(60 * (Minutes - 1), 60 * Minutes) / lab.CeilingMbit, 0.88);
        card.AtMost("queue p50 of the last minute, ms", lab.Probe.QueueMs(60 * (Minutes - 1), 60 * Minutes).P50, 75, "libutp model 398 after 42 min");
    });

    /// <summary>One seed: this is for the picture, and has no bar.</summary>
    [Fact]
    public void Ledbat_ForThreeQuartersOfAnHour_IsMeasuredForComparison() => Judge("9 Drift, Ledbat (no bar)", 1, card =>
    {
        using var lab = Run(1, UtpCongestionControl.Ledbat, out _);
        card.Note("queue p50 of the last minute, ms", lab.Probe.QueueMs(60 * (Minutes - 1), 60 * Minutes).P50, "libutp model 398 after 42 min");
    });

    private static Dumbbell Run(ulong seed, UtpCongestionControl algorithm, out FlowSeries flow)
    {
        var lab = new Dumbbell(seed, new DumbbellSettings { RateMbit = 10, BufferMs = 500 });
        flow = lab.AddUtp(Bulk(algorithm), Around(lab, "utp", 0)).Series;
        lab.RunUntil(60 * Minutes);
        var name = algorithm.ToString();
        Pictures.Draw($"drift-{name.ToLowerInvariant()}", $"{name} alone for 45 minutes", lab, 60 * Minutes, 500, flow);
        return lab;
    }
}

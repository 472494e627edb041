using Utp.Simulation.Probes;
using Utp.Simulation.Scenarios;
using Utp.Transport;
using Xunit.Abstractions;

namespace Utp.Simulation.Tests.Catalogue;

/// <summary>Experiment 4: eight flows, one after the other.</summary>
public class ManyFlows(ITestOutputHelper output) : Experiment(output)
{
    [Theory]
    [MemberData(nameof(AllSeeds))]
    public void LedbatPlusPlus_EightStaggeredFlows_ShareEqually(ulong seed) => Judge("4 Eight flows", seed, card =>
    {
        using var lab = new Dumbbell(seed, new DumbbellSettings { RateMbit = 50 });
        var flows = Enumerable.Range(0, 8)
            .Select(i => lab.AddUtp(Bulk(UtpCongestionControl.LedbatPlusPlus), Around(lab, $"utp{i}", i * 0.5)).Series)
            .ToList();
        lab.RunUntil(90);

        Pictures.Draw("eight", "Eight LEDBAT++ flows", lab, 90, 200, [.. flows]);
        var shares = flows.ConvertAll(flow => flow.GoodputMbit(30, 90));
        card.AtLeast("Jain, 30-90 s", Distribution.Jain([.. shares]), 0.95, "libutp, 4 flows: 0.61-0.92");
        card.AtLeast("utilisation, 30-90 s", shares.Sum() / lab.CeilingMbit, 0.97);
        card.AtMost("queue p95, ms", lab.Probe.QueueMs(30, 90).P95, 75);
    });
}

/// <summary>Experiment 5: a second flow joins when the first has long settled.</summary>
public class Latecomer(ITestOutputHelper output) : Experiment(output)
{
    [Theory]
    [MemberData(nameof(AllSeeds))]
    public void LedbatPlusPlus_Latecomer_NeitherStarvesNorIsStarved(ulong seed) => Judge("5 Latecomer, LEDBAT++", seed, card =>
    {
        using var lab = Run(seed, UtpCongestionControl.LedbatPlusPlus, out var early, out var late);

        card.Between("late / early, 20-30 s", late.GoodputMbit(20, 30) / early.GoodputMbit(20, 30), 0.4, 2.5, "libutp 0.12 over 15-20 s");
        card.AtLeast("Jain, 30-100 s", Distribution.Jain(late.GoodputMbit(30, 100), early.GoodputMbit(30, 100)), 0.97);
        card.Note("late / early, 50-75 s", late.GoodputMbit(50, 75) / early.GoodputMbit(50, 75), "libutp 4.7-9.3");
        card.AtMost("queue p95, 30-100 s, ms", lab.Probe.QueueMs(30, 100).P95, 75, "libutp 140");
    });

    [Theory]
    [MemberData(nameof(AllSeeds))]
    public void Ledbat_Latecomer_IsMeasuredForComparison(ulong seed) => Judge("5 Latecomer, Ledbat (no bar)", seed, card =>
    {
        using var lab = Run(seed, UtpCongestionControl.Ledbat, out var early, out var late);

        card.Note("late / early, 20-30 s", late.GoodputMbit(20, 30) / early.GoodputMbit(20, 30));
        card.Note("late / early, 50-75 s", late.GoodputMbit(50, 75) / early.GoodputMbit(50, 75), "libutp 4.7-9.3");
        card.Note("queue p95, 30-100 s, ms", lab.Probe.QueueMs(30, 100).P95, "libutp 140");
    });

    private static Dumbbell Run(ulong seed, UtpCongestionControl algorithm, out FlowSeries early, out FlowSeries late)
    {
        var lab = new Dumbbell(seed, new DumbbellSettings());
        early = lab.AddUtp(Bulk(algorithm), Around(lab, "early", 0)).Series;
        late = lab.AddUtp(Bulk(algorithm), Around(lab, "late", 15)).Series;
        lab.RunUntil(100);
        var name = algorithm.ToString();
        Pictures.Draw($"latecomer-{name.ToLowerInvariant()}", $"{name}: a second flow joins at 15", lab, 100, 200, early, late);
        return lab;
    }
}

/// <summary>Experiment 6: a near and a far flow.</summary>
public class RoundTripMix(ITestOutputHelper output) : Experiment(output)
{
    [Theory]
    [MemberData(nameof(AllSeeds))]
    public void LedbatPlusPlus_WithRoundTripsTenfoldApart_SharesTolerably(ulong seed) => Judge("6 Round trips of 20 and 200 ms", seed, card =>
    {
        using var lab = new Dumbbell(seed, new DumbbellSettings { RoundTripMs = 20, BufferMs = 300 });
        var (_, near) = lab.AddUtp(Bulk(UtpCongestionControl.LedbatPlusPlus), Around(lab, "near", 0));
        var (_, far) = lab.AddUtp(Bulk(UtpCongestionControl.LedbatPlusPlus), Around(lab, "far", 0), extraRoundTripMs: 180);
        lab.RunUntil(80);

        var (nearMbit, farMbit) = (near.GoodputMbit(20, 80), far.GoodputMbit(20, 80));
        card.AtLeast("Jain, 20-80 s", Distribution.Jain(nearMbit, farMbit), 0.80, "libutp model 0.59");
        card.AtLeast("share of the far flow", farMbit / (nearMbit + farMbit), 0.20);
    });
}

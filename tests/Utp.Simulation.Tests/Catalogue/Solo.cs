using Utp.Simulation.Probes;
using Utp.Simulation.Scenarios;
using Utp.Transport;
using Xunit.Abstractions;

namespace Utp.Simulation.Tests.Catalogue;

/// <summary>Experiment 1: one flow, nobody else.</summary>
public class Solo(ITestOutputHelper output) : Experiment(output)
{
    [Theory]
    [MemberData(nameof(AllSeeds))]
    public void LedbatPlusPlus_Alone_FillsThePathWithAShortQueue(ulong seed) => Judge("1 Solo, LEDBAT++", seed, card =>
    {
        using var lab = new Dumbbell(seed, new DumbbellSettings());
        var (_, flow) = lab.AddUtp(Bulk(UtpCongestionControl.LedbatPlusPlus), Around(lab, "utp", 0));
        lab.RunUntil(60);

        var queue = lab.Probe.QueueMs(10, 60);
        card.AtLeast("utilisation, 0-5 s", flow.GoodputMbit(0, 5) / lab.CeilingMbit, 0.80, "libutp 0.83");
        card.AtLeast("utilisation, 10-60 s", flow.GoodputMbit(10, 60) / lab.CeilingMbit, 0.92, "libutp 0.997");
        card.Between("queue p50, ms", queue.P50, 45, 66, "libutp 93-94");
        card.AtMost("queue p95, ms", queue.P95, 72, "libutp 98");
        card.AtMost("packets dropped", lab.Forward.Counters.QueueDrops, 0);
    });

    [Theory]
    [MemberData(nameof(AllSeeds))]
    public void Ledbat_Alone_FillsThePathToItsTarget(ulong seed) => Judge("1 Solo, Ledbat", seed, card =>
    {
        using var lab = new Dumbbell(seed, new DumbbellSettings());
        var (_, flow) = lab.AddUtp(Bulk(UtpCongestionControl.Ledbat), Around(lab, "utp", 0));
        lab.RunUntil(60);

        card.Note("utilisation, 0-5 s", flow.GoodputMbit(0, 5) / lab.CeilingMbit, "libutp 0.83");
        card.AtLeast("utilisation, 10-60 s", flow.GoodputMbit(10, 60) / lab.CeilingMbit, 0.98, "libutp 0.997");
        card.Between("queue p50, ms", lab.Probe.QueueMs(10, 60).P50, 85, 105, "libutp 93-94");
    });
}

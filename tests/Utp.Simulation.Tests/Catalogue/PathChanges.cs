using Utp.Simulation.Network;
using Utp.Simulation.Probes;
using Utp.Simulation.Scenarios;
using Utp.Transport;
using Xunit.Abstractions;

namespace Utp.Simulation.Tests.Catalogue;

/// <summary>Experiment 14: the route changes under a running flow.</summary>
public class RouteChange(ITestOutputHelper output) : Experiment(output)
{
    private const double ChangesAt = 16;

    [Theory]
    [MemberData(nameof(AllSeeds))]
    public void LedbatPlusPlus_WhenTheRouteGetsLonger_FindsItsRateAgain(ulong seed) => Judge("14 Route longer by 80 ms", seed, card =>
    {
        using var lab = new Dumbbell(seed, new DumbbellSettings());
        var (_, flow) = lab.AddUtp(Bulk(UtpCongestionControl.LedbatPlusPlus), Around(lab, "utp", 0));
        lab.At(ChangesAt, () => lab.Forward.PropagationNanos += Nanos.FromMilliseconds(80));
        lab.RunUntil(80);

        card.AtLeast("utilisation, 30-80 s", flow.GoodputMbit(30, 80) / lab.CeilingMbit, 0.85, "reference model without rebase 0.01");
        card.Note("queue p50, 30-80 s, ms", lab.Probe.QueueMs(30, 80).P50, "libutp after +50 ms: 41-44");
    });

    [Theory]
    [MemberData(nameof(AllSeeds))]
    public void LedbatPlusPlus_WhenTheRouteGetsShorter_KeepsItsQueueShort(ulong seed) => Judge("14 Route shorter by 30 ms", seed, card =>
    {
        using var lab = new Dumbbell(seed, new DumbbellSettings { RoundTripMs = 80 });
        var (_, flow) = lab.AddUtp(Bulk(UtpCongestionControl.LedbatPlusPlus), Around(lab, "utp", 0));
        lab.At(ChangesAt, () => lab.Forward.PropagationNanos -= Nanos.FromMilliseconds(30));
        lab.RunUntil(80);

        card.AtMost("queue p95 from 2 s after, ms", lab.Probe.QueueMs(ChangesAt + 2, 80).P95, 72);
        card.Note("utilisation, 18-80 s", flow.GoodputMbit(18, 80) / lab.CeilingMbit);
    });
}

/// <summary>Experiment 16: the path's MTU shrinks and nobody says so.</summary>
public class MtuBlackHole(ITestOutputHelper output) : Experiment(output)
{
    [Theory]
    [MemberData(nameof(AllSeeds))]
    public void Connection_WhenLargePacketsVanish_FindsASizeThatPasses(ulong seed) => Judge("16 MTU black hole", seed, card =>
    {
        // Neither reports nor fragments pass: segments of the default size do not notice.
        using var lab = new Dumbbell(seed, new DumbbellSettings { Impairments = Silent });
        var (_, flow) = lab.AddUtp(Bulk(UtpCongestionControl.LedbatPlusPlus), Around(lab, "utp", 0));
        lab.At(10, () => lab.Forward.MtuBytes = 1_280);
        lab.RunUntil(40);

        card.AtMost("longest stall, s", flow.LongestSilenceSeconds(5, 40), 3);
        card.AtLeast("rate from 20 s, of that before", flow.GoodputMbit(20, 40) / flow.GoodputMbit(5, 10), 0.90);

        // A ceiling that the path carries at first: large segments are in flight when it shrinks, and pass in fragments.
        using var shrinking = new Dumbbell(seed, new DumbbellSettings());
        var (_, large) = shrinking.AddUtp(WithEthernetCeiling, Around(shrinking, "utp", 0));
        shrinking.At(10, () => shrinking.Forward.MtuBytes = 1_280);
        shrinking.RunUntil(40);
        card.AtMost("longest stall of large segments, s", large.LongestSilenceSeconds(5, 40), 2);
        card.AtLeast("rate of large segments from 20 s, of that before", large.GoodputMbit(20, 40) / large.GoodputMbit(5, 10), 0.90);

        // A path that was narrow from the start: the search's own losses are no sign of congestion.
        using var narrow = new Dumbbell(seed, new DumbbellSettings { Impairments = Silent with { MtuBytes = 1_400 } });
        var (searching, _) = narrow.AddUtp(WithEthernetCeiling, Around(narrow, "utp", 0));
        narrow.RunUntil(40);
        card.AtLeast("probes lost on a path of 1,400 bytes", narrow.Forward.Counters.TooLong, 1);
        card.AtMost("window cuts on a path of 1,400 bytes", searching.Statistics.CongestionEvents, 0);
        card.Between("datagram found on a path of 1,400 bytes", searching.Statistics.PathMtuBytes, 1_340, 1_372);
    });

    private static LinkSettings Silent { get; } = new() { Name = "forward", DropsFragments = true };

    private static UtpFlowSettings WithEthernetCeiling
    {
        get
        {
            var bulk = Bulk(UtpCongestionControl.LedbatPlusPlus);
            return bulk with { Connection = bulk.Connection with { MtuCeilingBytes = 1_472 } };
        }
    }
}

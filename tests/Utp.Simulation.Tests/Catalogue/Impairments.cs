using System.Globalization;
using Utp.Simulation.Network;
using Utp.Simulation.Scenarios;
using Utp.Simulation.Tcp;
using Utp.Transport;
using Xunit.Abstractions;

namespace Utp.Simulation.Tests.Catalogue;

/// <summary>Experiment 7: packets lost at random.</summary>
public class RandomLoss(ITestOutputHelper output) : Experiment(output)
{
    private static readonly (double Percent, double BarMbit, string Anchor)[] Steps =
    [
        (0.1, 4.5, ""),
        (1, 1.5, "libutp 5.3-5.9"),
        (3, 0.85, "libutp 2.2-2.5"),
        (5, 0.60, ""),
    ];

    [Theory]
    [MemberData(nameof(AllSeeds))]
    public void LedbatPlusPlus_UnderRandomLoss_KeepsGoingBelowReno(ulong seed) => Judge("7 Random loss", seed, card =>
    {
        foreach (var (percent, bar, anchor) in Steps)
        {
            Measure(card, seed, percent, bar, anchor);
        }
    });

    private static void Measure(Scorecard card, ulong seed, double percent, double barMbit, string anchor)
    {
        var settings = new DumbbellSettings { Impairments = new() { Name = "forward", LossProbability = percent / 100 } };
        using var beside = new Dumbbell(seed, settings);
        var (_, reno) = beside.AddTcp(TcpVariant.Reno, 0);
        beside.RunUntil(60);

        using var lab = new Dumbbell(seed, settings);
        var (flow, utp) = lab.AddUtp(Bulk(UtpCongestionControl.LedbatPlusPlus));
        lab.RunUntil(60);
        var goodput = utp.GoodputMbit(5, 60);

        var label = string.Create(CultureInfo.InvariantCulture, $"loss {percent} %: ");
        card.AtLeast(label + "goodput, Mbit/s, 5-60 s", goodput, barMbit, anchor);
        card.AtMost(label + "of Reno", goodput / reno.GoodputMbit(5, 60), 1.1);

        // Loss ends; whatever the timeout had backed off to must be forgotten.
        lab.Forward.LossProbability = 0;
        lab.RunUntil(75);
        card.AtMost(label + "timeout 15 s after loss ends, s", flow.Statistics.RetransmissionTimeoutMicros / 1e6, 1);
    }
}

/// <summary>Experiment 8: packets out of order, twice, and unsteadily.</summary>
public class Disorder(ITestOutputHelper output) : Experiment(output)
{
    [Theory]
    [MemberData(nameof(AllSeeds))]
    public void LedbatPlusPlus_UnderReorderingDuplicationAndJitter_IsAsFastAsWithout(ulong seed) =>
        Judge("8 Reordering, duplication, jitter", seed, card =>
        {
            var clean = new LinkSettings { Name = "forward" };
            var cleanMbit = Measure(seed, clean, out _);
            Compare("reordering 2 % by 4 ms", clean with { ReorderProbability = 0.02, ReorderExtraNanos = Nanos.FromMilliseconds(4) }, "libutp 0.25");
            Compare("duplication 2 %", clean with { DuplicateProbability = 0.02 }, "");
            Compare("jitter 10 ms", clean with { JitterNanos = Nanos.FromMilliseconds(10) }, "libutp 1.00");

            void Compare(string label, LinkSettings impairments, string anchor)
            {
                var mbit = Measure(seed, impairments, out var needless);
                card.AtLeast(label + ": of the clean run", mbit / cleanMbit, 0.90, anchor);
                card.AtMost(label + ": needless retransmissions", needless, 0.003);
            }
        });

    private static double Measure(ulong seed, LinkSettings impairments, out double needlessShare)
    {
        using var lab = new Dumbbell(seed, new DumbbellSettings { Impairments = impairments });
        var (flow, series) = lab.AddUtp(Bulk(UtpCongestionControl.LedbatPlusPlus));
        lab.RunUntil(60);

        // What the receiver got twice, less what the link doubled: known here, whatever the sender believes.
        var receiver = flow.Right.Streams[0].Core.Statistics;
        needlessShare = Math.Max(0, receiver.DuplicateSegmentsReceived - lab.Forward.Counters.Duplicated) / (double)flow.Statistics.SegmentsSent;
        return series.GoodputMbit(10, 60);
    }
}

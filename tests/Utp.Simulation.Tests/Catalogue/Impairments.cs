using Utp.Simulation.Network;
using Utp.Simulation.Scenarios;
using Utp.Transport;
using Xunit.Abstractions;

namespace Utp.Simulation.Tests.Catalogue;

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

using Utp.Protocol.Congestion.Ledbat;

namespace Utp.Simulation.Tests.Catalogue;

/// <summary>Each refinement of LEDBAT++ is there because an experiment is worse without it. All the figures are in docs/experiments.md.</summary>
[Trait("Category", "Catalogue")]
public class RefinementTests
{
    private const ulong Seed = 1;

    private static readonly LedbatPlusPlusSwitches All = LedbatPlusPlusSwitches.Default;

    [Fact]
    public void OneWayDelay_AcknowledgementsInAQueue_IsWhatKeepsAFlowGoing() => AssertLost(
        Refinements.ReverseCongestion(Seed, All)[0], Refinements.ReverseCongestion(Seed, All with { UsesOneWayDelay = false })[0]);

    [Fact]
    public void Reprobing_AfterTcpLeft_IsWhatFillsThePathAgain() => AssertLost(
        Refinements.Yield(Seed, All)[1], Refinements.Yield(Seed, All with { ReprobesEmptyPath = false })[1]);

    [Fact]
    public void Rebasing_OnALongerRoute_IsWhatFindsTheRateAgain() => AssertLost(
        Refinements.LongerRoute(Seed, All)[0], Refinements.LongerRoute(Seed, All with { RebasesAfterRouteChange = false })[0]);

    [Fact]
    public void Tolerance_OfRandomLoss_IsWhatFillsThePath() => AssertLost(
        Refinements.RandomLoss(Seed, All)[0], Refinements.RandomLoss(Seed, All with { ToleratesRandomLoss = false })[0]);

    [Fact]
    public void LowerTarget_BehindAShallowBuffer_IsWhatLeavesItToTcp()
    {
        var leftWith = 1 - Refinements.ShallowBuffer(Seed, All)[0];
        var leftWithout = 1 - Refinements.ShallowBuffer(Seed, All with { StaysBelowShallowBuffers = false })[0];

        AssertLost(leftWithout, leftWith);
    }

    /// <summary>With <c>UTP_EXPERIMENTS=write</c> it is written first, which takes two minutes.</summary>
    [Fact]
    public void Table_InTheDocument_HasEveryVariantAndFigure()
    {
        if (Environment.GetEnvironmentVariable(Snapshot.Variable) == "write")
        {
            Refinements.Write(Experiment.SnapshotSeeds);
        }

        var lines = Snapshot.Document().Split('\n');

        var columns = string.Concat(Refinements.Variants.Select(variant => $" {variant.Name} |"));
        Assert.Contains($"| Figure | Bar |{columns}", lines);
        foreach (var comparison in Refinements.All)
        {
            foreach (var figure in comparison.Figures)
            {
                Assert.Contains(lines, line => line.StartsWith($"| {comparison.Name}: {figure.What} |", StringComparison.Ordinal));
            }
        }
    }

    /// <summary>Half or less is left of it.</summary>
    private static void AssertLost(double with, double without) => Assert.True(without < with / 2, $"{with:0.000} became {without:0.000}");
}

using System.Globalization;
using Utp.Protocol.Congestion.Ledbat;
using Utp.Simulation.Network;
using Utp.Simulation.Probes;
using Utp.Simulation.Scenarios;
using Utp.Simulation.Tcp;
using Utp.Transport;
using Xunit.Abstractions;

namespace Utp.Simulation.Tests.Catalogue;

/// <summary>Experiments 7 and 17 to 20: packets lost at random, which says nothing about congestion.</summary>
public class RandomLoss(ITestOutputHelper output) : Experiment(output)
{
    private static readonly (double Percent, double Bar, string Anchor)[] Steps =
    [
        (0.1, 0.80, ""),
        (1, 0.85, "libutp 0.28-0.31; CUBIC model 0.16"),
        (3, 0.85, "libutp 0.11-0.13; CUBIC model 0.08"),
        (5, 0.80, ""),
    ];

    [Theory]
    [MemberData(nameof(AllSeeds))]
    public void LedbatPlusPlus_UnderRandomLoss_FillsThePath(ulong seed) => Judge("7 Random loss", seed, card =>
    {
        foreach (var (percent, bar, anchor) in Steps)
        {
            using var lab = new Dumbbell(seed, Lossy(percent));
            var (flow, utp) = lab.AddUtp(Bulk(UtpCongestionControl.LedbatPlusPlus), Around(lab, "utp", 0));
            lab.RunUntil(60);
            var label = string.Create(CultureInfo.InvariantCulture, $"loss {percent} %: ");
            card.AtLeast(label + "utilisation, 5-60 s", utp.GoodputMbit(5, 60) / lab.CeilingMbit, bar, anchor);
            card.AtMost(label + "queue p95, ms", lab.Probe.QueueMs(5, 60).P95, 5);

            // Loss ends; whatever the timeout had backed off to must be forgotten.
            lab.Forward.LossProbability = 0;
            lab.RunUntil(75);
            card.AtMost(label + "timeout 15 s after loss ends, s", flow.Statistics.RetransmissionTimeoutMicros / 1e6, 1);
        }
    });

    [Fact]
    public void LedbatPlusPlus_UnderRandomLossAlone_FillsThePathOnAverage() => JudgeMeans(
        "17 Random loss, alone",
        seed => [Alone(seed, Lossy(0.1)), Alone(seed, Lossy(1)), Alone(seed, Lossy(3)), Alone(seed, Lossy(1, jitterMs: 5)), Alone(seed, Lossy(3, jitterMs: 5))],
        ("loss 0.1 %: utilisation, 5-60 s", 0.90, ""),
        ("loss 1 %: utilisation, 5-60 s", 0.85, ""),
        ("loss 3 %: utilisation, 5-60 s", 0.85, ""),
        ("loss 1 %, jitter 5 ms: utilisation, 5-60 s", 0.70, ""),
        ("loss 3 %, jitter 5 ms: utilisation, 5-60 s", 0.70, ""));

    [Fact]
    public void LedbatPlusPlus_UnderRandomLossBesideTcp_LeavesItWhatItHasAlone() => JudgeMeans(
        "18 Random loss, with CUBIC",
        seed => [.. BesideTcp(seed, Lossy(1)), .. BesideTcp(seed, Lossy(3)), BesideTcp(seed, Lossy(5))[1], BesideTcp(seed, Lossy(0.1))[1]],
        ("loss 1 %: utilisation, 5-60 s", 0.60, ""),
        ("loss 1 %: TCP of its own solo", 0.97, ""),
        ("loss 3 %: utilisation, 5-60 s", 0.60, ""),
        ("loss 3 %: TCP of its own solo", 0.97, ""),
        ("loss 5 %: TCP of its own solo", 0.97, ""),
        ("loss 0.1 %: TCP of its own solo", 0.93, "without tolerance 0.96"));

    [Fact]
    public void LedbatPlusPlus_TwoFlowsUnderRandomLoss_ShareEqually() => JudgeMeans(
        "19 Random loss, two flows",
        seed => TwoFlows(seed, Lossy(1)),
        ("loss 1 %: Jain, 5-60 s", 0.97, ""),
        ("loss 1 %: utilisation, 5-60 s", 0.85, ""));

    /// <summary>Losses of short queues must not pass for random ones: what TCP gets is compared with a flow that tolerates none.</summary>
    [Fact]
    public void LedbatPlusPlus_BehindShortQueues_LeavesTcpNoLessThanWithoutTolerance() => JudgeMeans(
        "20 Short queues, with and without tolerance of loss",
        seed => [.. ShortQueues.Select(queue => TcpShareRatio(seed, queue.Settings))],
        [.. ShortQueues.Select(queue => ($"{queue.Name}: TCP, of what it gets without tolerance", 0.97, ""))]);

    private static (string Name, DumbbellSettings Settings)[] ShortQueues { get; } =
    [
        ("5 ms", new() { BufferMs = 5 }),
        ("10 ms", new() { BufferMs = 10 }),
        ("20 ms", new() { BufferMs = 20 }),
        ("30 ms", new() { BufferMs = 30 }),
        ("CoDel", new() { CoDel = new CoDelSettings() }),
    ];

    private static DumbbellSettings Lossy(double percent, double jitterMs = 0) => new()
    {
        Impairments = new() { Name = "forward", LossProbability = percent / 100, JitterNanos = Nanos.FromMilliseconds(jitterMs) },
    };

    private static double Alone(ulong seed, DumbbellSettings settings)
    {
        using var lab = new Dumbbell(seed, settings);
        var (_, utp) = lab.AddUtp(Bulk(UtpCongestionControl.LedbatPlusPlus), Around(lab, "utp", 0));
        lab.RunUntil(60);
        return utp.GoodputMbit(5, 60) / lab.CeilingMbit;
    }

    private static double[] BesideTcp(ulong seed, DumbbellSettings settings)
    {
        using var alone = new Dumbbell(seed, settings);
        var (_, solo) = alone.AddTcp(TcpVariant.Cubic, Around(alone, "tcp", 0));
        alone.RunUntil(60);

        using var lab = new Dumbbell(seed, settings);
        var (_, utp) = lab.AddUtp(Bulk(UtpCongestionControl.LedbatPlusPlus), Around(lab, "utp", 0));
        var (_, tcp) = lab.AddTcp(TcpVariant.Cubic, Around(lab, "tcp", 0));
        lab.RunUntil(60);
        return [utp.GoodputMbit(5, 60) / lab.CeilingMbit, tcp.GoodputMbit(5, 60) / solo.GoodputMbit(5, 60)];
    }

    private static double[] TwoFlows(ulong seed, DumbbellSettings settings)
    {
        using var lab = new Dumbbell(seed, settings);
        var (_, first) = lab.AddUtp(Bulk(UtpCongestionControl.LedbatPlusPlus), Around(lab, "first", 0));
        var (_, second) = lab.AddUtp(Bulk(UtpCongestionControl.LedbatPlusPlus), Around(lab, "second", 0));
        lab.RunUntil(60);
        var shares = new[] { first.GoodputMbit(5, 60), second.GoodputMbit(5, 60) };
        return [Distribution.Jain(shares), shares.Sum() / lab.CeilingMbit];
    }

    private static double TcpShareRatio(ulong seed, DumbbellSettings settings) =>
        TcpMbit(seed, settings, LedbatPlusPlusSwitches.Default)
        / TcpMbit(seed, settings, LedbatPlusPlusSwitches.Default with { ToleratesRandomLoss = false });

    private static double TcpMbit(ulong seed, DumbbellSettings settings, LedbatPlusPlusSwitches switches)
    {
        using var lab = new Dumbbell(seed, settings);
        lab.AddUtp(Refinements.Bulk(switches), Around(lab, "utp", 0));
        var (_, tcp) = lab.AddTcp(TcpVariant.Cubic, Around(lab, "tcp", 20));
        lab.RunUntil(80);
        return tcp.GoodputMbit(30, 80);
    }
}

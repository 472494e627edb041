using Utp.Simulation.Network;
using Utp.Simulation.Probes;
using Utp.Simulation.Scenarios;
using Utp.Simulation.Tcp;
using Utp.Transport;
using Xunit.Abstractions;

namespace Utp.Simulation.Tests.Catalogue;

/// <summary>Experiment 10: acknowledgements come back through a path that TCP keeps full.</summary>
public class ReverseCongestion(ITestOutputHelper output) : Experiment(output)
{
    [Theory]
    [MemberData(nameof(AllSeeds))]
    public void LedbatPlusPlus_WithTheReversePathFull_KeepsSending(ulong seed) => Judge("10 Reverse congestion", seed, card =>
    {
        var settings = new DumbbellSettings { ReverseRateMbit = 5, ReverseBufferMs = 300 };
        using var alone = new Dumbbell(seed, settings);
        var (_, solo) = alone.AddTcp(TcpVariant.Cubic, Around(alone, "tcp", 15), 45, isReverse: true);
        alone.RunUntil(45);

        using var lab = new Dumbbell(seed, settings);
        var (_, utp) = lab.AddUtp(Bulk(UtpCongestionControl.LedbatPlusPlus), Around(lab, "utp", 0));
        var (_, tcp) = lab.AddTcp(TcpVariant.Cubic, Around(lab, "tcp", 15), 45, isReverse: true);
        lab.RunUntil(60);

        card.AtLeast("utilisation, 20-45 s", utp.GoodputMbit(20, 45) / lab.CeilingMbit, 0.70, "libutp 0.65");
        card.AtLeast("reverse TCP of its own solo, 20-45 s", tcp.GoodputMbit(20, 45) / solo.GoodputMbit(20, 45), 0.85);
    });
}

/// <summary>Experiments 11 and 12: bottlenecks that do not let a delay-based controller see a queue.</summary>
public class ShortQueues(ITestOutputHelper output) : Experiment(output)
{
    private const double Comes = 20;
    private const double Ends = 80;

    [Theory]
    [MemberData(nameof(AllSeeds))]
    public void LedbatPlusPlus_BehindAShallowBuffer_LeavesTcpMost(ulong seed) => Judge("11 Buffer of 30 ms", seed, card =>
    {
        var settings = new DumbbellSettings { BufferMs = 30 };
        card.AtLeast("utilisation alone, 10-60 s", AloneShare(seed, settings, out _), 0.88, "libutp 0.94");
        card.AtLeast("TCP beside it, of the path, 30-80 s", TcpShare(seed, settings, out var utp), 0.68, "libutp: TCP 0.36-0.54; CUBIC alone 0.99");
        card.Note("uTP beside TCP, of the path", utp, "libutp 0.44-0.62");
    });

    [Theory]
    [MemberData(nameof(AllSeeds))]
    public void LedbatPlusPlus_BehindCoDel_LeavesTcpHalf(ulong seed) => Judge("12 CoDel 5/100 ms", seed, card =>
    {
        var settings = new DumbbellSettings { CoDel = new CoDelSettings() };
        card.AtLeast("utilisation alone, 10-60 s", AloneShare(seed, settings, out var queueP95), 0.74, "libutp 0.76-0.81");
        card.AtMost("queue p95 alone, ms", queueP95, 15);
        card.AtLeast("TCP beside it, of the path, 30-80 s", TcpShare(seed, settings, out var utp), 0.53, "libutp: TCP 0.37-0.43; CUBIC alone 0.94");
        card.Note("uTP beside TCP, of the path", utp, "libutp 0.51-0.53");
    });

    private static double AloneShare(ulong seed, DumbbellSettings settings, out double queueP95)
    {
        using var lab = new Dumbbell(seed, settings);
        var (_, flow) = lab.AddUtp(Bulk(UtpCongestionControl.LedbatPlusPlus), Around(lab, "utp", 0));
        lab.RunUntil(60);
        queueP95 = lab.Probe.QueueMs(10, 60).P95;
        return flow.GoodputMbit(10, 60) / lab.CeilingMbit;
    }

    private static double TcpShare(ulong seed, DumbbellSettings settings, out double utpShare)
    {
        using var lab = new Dumbbell(seed, settings);
        var (_, utp) = lab.AddUtp(Bulk(UtpCongestionControl.LedbatPlusPlus), Around(lab, "utp", 0));
        var (_, tcp) = lab.AddTcp(TcpVariant.Cubic, Around(lab, "tcp", Comes));
        lab.RunUntil(Ends);
        utpShare = utp.GoodputMbit(30, Ends) / lab.CeilingMbit;
        return tcp.GoodputMbit(30, Ends) / (settings.RateMbit * TcpSender.SegmentBytes / Dumbbell.FullWire);
    }
}

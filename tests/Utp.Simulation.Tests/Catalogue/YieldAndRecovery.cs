using Utp.Simulation.Scenarios;
using Utp.Simulation.Tcp;
using Utp.Transport;
using Xunit.Abstractions;

namespace Utp.Simulation.Tests.Catalogue;

/// <summary>Experiments 2 and 3: TCP comes and gets the path; TCP goes and the path is used again.</summary>
public class YieldAndRecovery(ITestOutputHelper output) : Experiment(output)
{
    private const double Comes = 20;
    private const double Goes = 55;

    [Theory]
    [MemberData(nameof(AllSeeds))]
    public void LedbatPlusPlus_BesideCubic_YieldsAndRecovers(ulong seed) => Judge("2, 3 Yield to CUBIC and recover", seed, card =>
        Measure(card, seed, TcpVariant.Cubic, "libutp: TCP 0.93-0.98", "libutp 0.03-0.05", "libutp 0.79-0.81", "libutp 0.95-1.00"));

    [Theory]
    [MemberData(nameof(AllSeeds))]
    public void LedbatPlusPlus_BesideReno_YieldsAndRecovers(ulong seed) => Judge("2, 3 Yield to Reno and recover", seed, card =>
        Measure(card, seed, TcpVariant.Reno, "libutp: TCP 0.997", "libutp 0.005"));

    private static void Measure(
        Scorecard card, ulong seed, TcpVariant variant, string tcpAnchor = "", string shareAnchor = "", string earlyAnchor = "", string lateAnchor = "")
    {
        using var alone = new Dumbbell(seed, new DumbbellSettings());
        var comes = Around(alone, "tcp", Comes);
        var (_, solo) = alone.AddTcp(variant, comes, Goes);
        alone.RunUntil(Goes);

        using var lab = new Dumbbell(seed, new DumbbellSettings());
        var (_, utp) = lab.AddUtp(Bulk(UtpCongestionControl.LedbatPlusPlus), Around(lab, "utp", 0));
        var (_, tcp) = lab.AddTcp(variant, comes, Goes);
        lab.RunUntil(70);

        Pictures.Draw($"yield-{variant.ToString().ToLowerInvariant()}", $"LEDBAT++, with {variant} from 20 to 55", lab, 70, 200, utp, tcp);
        card.AtLeast("TCP of its own solo, 20-30 s", tcp.GoodputMbit(20, 30) / solo.GoodputMbit(20, 30), 0.65);
        card.AtLeast("TCP of its own solo, 30-55 s", tcp.GoodputMbit(30, 55) / solo.GoodputMbit(30, 55), 0.97, tcpAnchor);
        card.AtMost("uTP of the path, 30-55 s", utp.GoodputMbit(30, 55) / lab.CeilingMbit, 0.03, shareAnchor);
        card.AtMost("longest time without uTP, s", utp.LongestSilenceSeconds(20, 55), 2);
        card.AtLeast("utilisation 1-6 s after TCP left", utp.GoodputMbit(56, 61) / lab.CeilingMbit, 0.80, earlyAnchor);
        card.AtLeast("utilisation 6-11 s after TCP left", utp.GoodputMbit(61, 66) / lab.CeilingMbit, 0.90, lateAnchor);
    }
}

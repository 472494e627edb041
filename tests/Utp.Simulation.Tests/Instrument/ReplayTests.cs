using System.Runtime.InteropServices;
using Utp.Protocol.Connections;
using Utp.Simulation.Network;
using Utp.Simulation.Scenarios;
using Utp.Simulation.Tcp;
using Utp.Transport;
using Xunit.Abstractions;

namespace Utp.Simulation.Tests.Instrument;

/// <summary>A seed is a run: the trace of everything that the network did has one hash, whatever the machine or the build.</summary>
public class ReplayTests(ITestOutputHelper output)
{
    private static readonly LinkSettings Hostile = new()
    {
        Name = "forward",
        LossProbability = 0.002,
        DuplicateProbability = 0.01,
        ReorderProbability = 0.01,
        ReorderExtraNanos = Nanos.FromMilliseconds(4),
        JitterNanos = Nanos.FromMilliseconds(2),
        BurstLoss = new GilbertElliottSettings { GoodToBad = 0.0005, BadToGood = 0.3 },
    };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Run_OfOneSeed_HasOneTrace(ulong seed)
    {
        var first = Trace(seed, withUtp: true);
        output.WriteLine($"seed {seed}: {first}");

        Assert.Equal(first, Trace(seed, withUtp: true));
    }

    [Fact]
    public void Run_OfAnotherSeed_HasAnotherTrace() => Assert.NotEqual(Trace(1, withUtp: true), Trace(2, withUtp: true));

    /// <summary>
    /// The simulator's own arithmetic (links, CoDel, CUBIC, Reno), pinned for every platform and build. It changes only with the simulator, and
    /// then every published figure has to be made anew.
    /// </summary>
    [Fact]
    public void Run_WithoutUtp_HasThePinnedTrace()
    {
        var trace = Trace(1, withUtp: false);
        output.WriteLine(trace);
        Assert.Equal(PinnedTrace, trace);
    }

    /// <summary>
    /// Everything that three uTP flows with three controllers send through a hostile network beside TCP, pinned. A change of behaviour, down to a
    /// microsecond of one packet, changes it; then the new hash is part of the review, and its commit says what behaves differently and why.
    /// The controllers use floating point, so the hash is that of x64 processors.
    /// </summary>
    [Theory]
    [InlineData(1, "c97b1901b441f694f62c58dd296dbbbf42752ba16e6a367d01be0963bd3687cf")]
    [InlineData(2, "92094a24dbeaa526f5e232f19c242b504d4441df3d1a7451f2d2016543a9aeb5")]
    public void Run_WithUtp_HasThePinnedTrace(ulong seed, string pinned)
    {
        if (RuntimeInformation.ProcessArchitecture == Architecture.X64)
        {
            Assert.Equal(pinned, Trace(seed, withUtp: true));
        }
    }

    private const string PinnedTrace = "0a8fd754a6131bbc0ca7cb91039dd00f14baaa4c76f960828b5091fe67856d1e";

    private static string Trace(ulong seed, bool withUtp)
    {
        using var lab = new Dumbbell(seed, new DumbbellSettings { Impairments = Hostile, CoDel = new CoDelSettings(), ReverseRateMbit = 5 });
        lab.AddTcp(TcpVariant.Cubic, 1, 20);
        lab.AddTcp(TcpVariant.Reno, 5, isReverse: true);
        if (withUtp)
        {
            foreach (var algorithm in Enum.GetValues<UtpCongestionControl>())
            {
                lab.AddUtp(new UtpFlowSettings { Connection = new ConnectionSettings { CongestionControl = algorithm } });
            }
        }

        lab.RunUntil(30);
        return lab.Run.Trace.Current();
    }
}

using Utp.Protocol.Congestion;
using Utp.Protocol.Congestion.Ledbat;
using Utp.Protocol.Connections;
using Utp.Protocol.Sending;
using Utp.Protocol.Tests.Congestion.Model;
using Utp.Transport;

namespace Utp.Protocol.Tests.Congestion;

/// <summary>
/// Controllers around a modelled bottleneck: 20 Mbit/s, 40 ms, 200 ms of buffer unless a test says otherwise. The bars are those of the
/// experiments that the protocol itself has to pass in the simulator; here they are quick, and blame the controller alone.
/// </summary>
public class ClosedLoopTests
{
    private const int Segment = BottleneckModel.SegmentBytes;
    private const long MaxWindow = 64 * 1024 * 1024;

    [Fact]
    public void LedbatPlusPlus_Alone_HoldsItsTargetAndPaysATenthForSlowdowns()
    {
        var model = new BottleneckModel();
        var controller = LedbatPlusPlus();
        model.Add(controller);
        model.Run(60);

        Assert.InRange(model.Utilisation(10, 60), 0.92, 1.01);
        Assert.InRange(model.Utilisation(0, 5), 0.80, 1.01);
        Assert.InRange(model.QueueMillis(10, 60, 0.5), 45, 66);
        Assert.InRange(model.QueueMillis(10, 60, 0.95), 45, 72);
        Assert.Equal(0, model.Drops);
        Assert.InRange(controller.SlowdownCount, 8, 16);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Ledbat_Alone_HoldsItsTarget(bool isRfc6817)
    {
        var model = new BottleneckModel();
        model.Add(isRfc6817 ? Rfc6817() : Libutp());
        model.Run(60);

        Assert.InRange(model.Utilisation(10, 60), 0.98, 1.01);
        Assert.InRange(model.QueueMillis(10, 60, 0.5), 85, 105);
        Assert.Equal(0, model.Drops);
    }

    [Fact]
    public void Cubic_Alone_FillsLinkAndBuffer()
    {
        var model = new BottleneckModel();
        model.Add(Cubic());
        model.Run(60);

        Assert.InRange(model.Utilisation(5, 60), 0.98, 1.01);
        Assert.InRange(model.QueueMillis(10, 60, 0.5), 130, 200);
    }

    [Theory]
    [InlineData("reno")]
    [InlineData("cubic")]
    public void LedbatPlusPlus_BesideTcp_WithdrawsAndReturns(string competitor)
    {
        var model = new BottleneckModel();
        var scavenger = model.Add(LedbatPlusPlus());
        var tcp = model.Add(new ModelFlow(competitor == "reno" ? new RenoController(Segment) : Cubic())
        {
            StartNanos = 20_000_000_000,
            StopNanos = 55_000_000_000,
        });
        model.Run(70);

        Assert.InRange(model.Utilisation(tcp, 20, 30), 0.65, 1.01);
        Assert.InRange(model.Utilisation(tcp, 30, 55), 0.95, 1.01);
        Assert.InRange(model.Utilisation(scavenger, 30, 55), 0.001, 0.03);
        Assert.InRange(model.Utilisation(scavenger, 56, 61), 0.80, 1.01);
    }

    [Fact]
    public void LedbatPlusPlus_Latecomer_NeitherStarvesNorIsStarved()
    {
        var model = new BottleneckModel();
        var early = model.Add(LedbatPlusPlus());
        var late = model.Add(LedbatPlusPlus(), startSeconds: 15);
        model.Run(100);

        Assert.InRange(model.Utilisation(late, 20, 30) / model.Utilisation(early, 20, 30), 0.4, 2.5);
        Assert.InRange(model.Jain(30, 100), 0.97, 1.01);
        Assert.InRange(model.QueueMillis(30, 100, 0.95), 0, 75);
    }

    [Fact]
    public void LedbatPlusPlus_EightFlows_ShareEqually()
    {
        var model = new BottleneckModel { BitsPerSecond = 50e6 };
        for (var i = 0; i < 8; i++)
        {
            model.Add(LedbatPlusPlus(), startSeconds: i * 0.5);
        }

        model.Run(90);

        Assert.InRange(model.Jain(30, 90), 0.95, 1.01);
        Assert.InRange(model.Utilisation(30, 90), 0.97, 1.01);
    }

    [Theory]
    [InlineData(20)]
    [InlineData(30)]
    [InlineData(50)]
    public void LedbatPlusPlus_ShallowBuffer_FillsTheLinkAloneAndYieldsToCubic(int bufferMillis)
    {
        var alone = new BottleneckModel { BufferNanos = bufferMillis * 1_000_000L };
        alone.Add(LedbatPlusPlus());
        alone.Run(60);
        Assert.InRange(alone.Utilisation(5, 60), 0.88, 1.01);

        var contest = new BottleneckModel { BufferNanos = bufferMillis * 1_000_000L };
        contest.Add(LedbatPlusPlus());
        var tcp = contest.Add(Cubic(), startSeconds: 5);
        contest.Run(60);
        Assert.InRange(contest.Utilisation(tcp, 10, 60), 0.85, 1.01);
    }

    [Theory]
    [InlineData(0.001, 4.5)]
    [InlineData(0.01, 1.5)]
    [InlineData(0.03, 0.85)]
    [InlineData(0.05, 0.60)]
    public void LedbatPlusPlus_RandomLoss_KeepsGoingAndStaysBelowReno(double loss, double megabits)
    {
        for (var seed = 1UL; seed <= 5; seed++)
        {
            var model = new BottleneckModel(seed) { Loss = loss };
            var scavenger = model.Add(LedbatPlusPlus());
            model.Run(60);
            var reno = new BottleneckModel(seed) { Loss = loss };
            var tcp = reno.Add(new RenoController(Segment));
            reno.Run(60);

            var goodput = model.Utilisation(scavenger, 5, 60) * model.PayloadCeiling * 8e-6;
            Assert.True(goodput >= megabits, $"seed {seed}: {goodput:F2} Mbit/s");
            Assert.True(model.Utilisation(scavenger, 5, 60) < 1.1 * reno.Utilisation(tcp, 5, 60), $"seed {seed}: more than Reno");
        }
    }

    [Theory]
    [InlineData(200e-6)]
    [InlineData(-200e-6)]
    public void LedbatPlusPlus_SkewedClock_NeitherCollapsesNorBuildsAQueue(double skew)
    {
        var model = new BottleneckModel { BitsPerSecond = 10e6 };
        var flow = model.Add(new ModelFlow(LedbatPlusPlus()) { PeerSkew = skew });
        model.Run(300);

        for (var minute = 0; minute < 5; minute++)
        {
            Assert.InRange(model.Utilisation(flow, 60 * minute, 60 * (minute + 1)), 0.88, 1.01);
        }

        Assert.InRange(model.QueueMillis(240, 300, 0.5), 40, 75);
    }

    /// <summary>A peer whose clock gains 200 ppm on ours inflates the delay by 12 ms a minute; without drift correction the flow dies in minutes.</summary>
    [Fact]
    public void Ledbat_PeerClockGains_DoesNotCollapse()
    {
        var model = new BottleneckModel { BitsPerSecond = 10e6 };
        var flow = model.Add(new ModelFlow(Rfc6817()) { PeerSkew = 200e-6 });
        model.Run(300);

        Assert.InRange(model.Utilisation(flow, 240, 300), 0.95, 1.01);
        Assert.InRange(model.QueueMillis(240, 300, 0.5), 80, 120);
    }

    [Theory]
    [InlineData(5_000_000)]
    [InlineData(-5_000_000)]
    public void LedbatPlusPlus_PeerClockIsSet_GoesOn(long stepMicros)
    {
        var model = new BottleneckModel { BitsPerSecond = 10e6 };
        var flow = model.Add(new ModelFlow(LedbatPlusPlus()) { PeerClockStep = (20_000_000_000, stepMicros) });
        model.Run(60);

        Assert.InRange(model.Utilisation(flow, 20, 25), 0.88, 1.01);
        Assert.InRange(model.Utilisation(flow, 25, 60), 0.88, 1.01);
        Assert.InRange(model.QueueMillis(25, 60, 0.95), 0, 75);
    }

    /// <summary>The same run to the last byte, whatever the offset of the clocks: here the 32-bit difference wraps five seconds in.</summary>
    [Fact]
    public void LedbatPlusPlus_DifferenceWraps_ChangesNothing()
    {
        var plain = new BottleneckModel();
        var plainFlow = plain.Add(new ModelFlow(LedbatPlusPlus()) { PeerSkew = 2_000e-6, PeerClockOffsetMicros = 0x1234_5678 });
        plain.Run(30);
        var wrapping = new BottleneckModel();
        var wrappingFlow = wrapping.Add(new ModelFlow(LedbatPlusPlus()) { PeerSkew = 2_000e-6, PeerClockOffsetMicros = uint.MaxValue - 40_000 });
        wrapping.Run(30);

        Assert.Equal(plainFlow.DeliveredBytes, wrappingFlow.DeliveredBytes);
    }

    [Theory]
    [InlineData(80, 40)]
    [InlineData(-30, 100)]
    public void LedbatPlusPlus_RouteChanges_FindsTheNewBase(int millis, int roundTripMillis)
    {
        var model = new BottleneckModel { RouteChange = (16_000_000_000, millis * 1_000_000L) };
        var flow = model.Add(new ModelFlow(LedbatPlusPlus()) { RoundTripNanos = roundTripMillis * 1_000_000L });
        model.Run(80);

        Assert.InRange(model.Utilisation(flow, 30, 80), 0.85, 1.01);
        Assert.InRange(model.QueueMillis(30, 80, 0.95), 0, 75);
    }

    [Fact]
    public void LedbatPlusPlus_ReversePathCongested_IsNotItsOwnQueue()
    {
        // A sawtooth of up to 150 ms on the way back, as a TCP upload makes.
        var model = new BottleneckModel { ReverseDelayAt = at => at % 4_000_000_000 * 150 / 4_000 };
        var flow = model.Add(LedbatPlusPlus());
        model.Run(60);

        Assert.InRange(model.Utilisation(flow, 10, 60), 0.70, 1.01);
    }

    [Theory]
    [InlineData(UtpCongestionControl.LedbatPlusPlus)]
    [InlineData(UtpCongestionControl.Ledbat)]
    [InlineData(UtpCongestionControl.Cubic)]
    public void ApplicationLimited_WindowStaysNearTheFlight_AndBulkFollowsWithoutLoss(UtpCongestionControl algorithm)
    {
        // 2 Mbit/s for thirty seconds, then everything.
        const long Bulk = 30_000_000_000;
        var settings = new ConnectionSettings { CongestionControl = algorithm, MaxFlightBytes = (int)MaxWindow };
        var controller = CongestionControllers.Create(settings, Segment);
        var model = new BottleneckModel();
        var flow = model.Add(new ModelFlow(controller) { WrittenBytesAt = at => at < Bulk ? at / 4_000 : long.MaxValue });
        var peakFlight = 0L;
        var excess = 0L;
        model.OnSample = at =>
        {
            peakFlight = Math.Max(peakFlight, flow.FlightBytes);
            if (at is > 5_000_000_000 and < Bulk)
            {
                excess = Math.Max(excess, controller.CongestionWindowBytes - (2 * peakFlight) - (8 * Segment));
            }
        };
        model.Run(33);

        Assert.True(excess <= 0, $"the window exceeded twice the flight and 8 segments by {excess} bytes");
        Assert.True(algorithm == UtpCongestionControl.Cubic || model.Drops == 0, $"{model.Drops} drops");
        Assert.InRange(model.Utilisation(flow, 32, 33), 0.8, 1.01);
    }

    private static LedbatPlusPlusController LedbatPlusPlus() => new(LedbatPlusPlusSwitches.Default, 60_000, Segment, MaxWindow);

    private static LedbatController Rfc6817() => new(LedbatProfile.Rfc6817, 100_000, Segment, MaxWindow);

    private static LedbatController Libutp() => new(LedbatProfile.Libutp, 100_000, Segment, MaxWindow);

    private static CubicController Cubic() => new(Segment, MaxWindow);
}

using Utp.Protocol.Congestion;
using Utp.Protocol.Congestion.Ledbat;
using Utp.Protocol.Sending;
using Utp.Protocol.Time;

namespace Utp.Protocol.Tests.Congestion;

/// <summary>Mistakes that others have made in the field, each once.</summary>
public class CongestionTrapTests
{
    private const int Segment = 1_452;
    private const long MaxWindow = 64 * 1024 * 1024;

    public static TheoryData<string> Scavengers => ["LedbatPlusPlus", "Rfc6817", "Libutp"];

    /// <summary>A cap of flight + 2 segments, applied when the flight had been acknowledged in one piece, kept a 166 ms path at 53 KB.</summary>
    [Theory]
    [MemberData(nameof(Scavengers))]
    public void Window_AcknowledgementsCoverHalfAFlight_IsNotPinned(string name)
    {
        var controller = Make(name);
        var now = 0L;
        for (var round = 0; round < 400; round++)
        {
            for (var half = 0; half < 2; half++)
            {
                now += 83_000;
                var window = controller.CongestionWindowBytes;
                controller.OnDelaySample(new Instant(now), 5_000);
                controller.OnAcknowledged(Acknowledgements.Of(now, window / 2, window / 2, 166_000));
            }
        }

        Assert.True(controller.CongestionWindowBytes > 400_000, $"{controller.CongestionWindowBytes} bytes, {controller.Phase}");
    }

    /// <summary>
    /// A threshold derived from the collapsed window, with a floor of two segments, ends slow start at once after the second timeout, and the
    /// window then climbs one segment per round trip: a death spiral of timeouts.
    /// </summary>
    [Theory]
    [MemberData(nameof(Scavengers))]
    public void Timeouts_InSeries_LeaveAThresholdWorthReturningTo(string name)
    {
        var controller = Make(name);
        var now = RaiseWindow(controller, 400 * Segment);
        controller.OnLoss(new Instant(now), 0);
        for (var timeout = 0; timeout < 6; timeout++)
        {
            now += 1_000_000;
            controller.OnRetransmissionTimeout(new Instant(now), Segment);
        }

        for (var round = 0; round < 8; round++)
        {
            now = AcknowledgeWindow(controller, now);
        }

        var expected = name == "Libutp" ? 10 * Segment : 60 * Segment;
        Assert.True(controller.CongestionWindowBytes > expected, $"{controller.CongestionWindowBytes} bytes, {controller.Phase}");
    }

    [Fact]
    public void Timeouts_DuringTheReturn_HalveTheThresholdNotTheRemainsOfTheWindow()
    {
        var controller = Make("Rfc6817");
        var now = RaiseWindow(controller, 400 * Segment);
        controller.OnLoss(new Instant(now), 0);
        controller.OnRetransmissionTimeout(new Instant(now), 0);
        now = AcknowledgeWindow(controller, now);
        controller.OnRetransmissionTimeout(new Instant(now), 0);
        for (var round = 0; round < 6; round++)
        {
            now = AcknowledgeWindow(controller, now);
        }

        Assert.True(controller.CongestionWindowBytes >= 49 * Segment, $"{controller.CongestionWindowBytes} bytes, {controller.Phase}");
    }

    /// <summary>On a path of a millisecond, nine times the length of a slowdown made 224 of them in 30 s.</summary>
    [Fact]
    public void Slowdowns_ShortRoundTrip_AreASecondApart()
    {
        var controller = new LedbatPlusPlusController(LedbatPlusPlusSwitches.Draft, 60_000, Segment, 50 * Segment);
        for (var now = 0L; now < 30_000_000;)
        {
            now = AcknowledgeWindow(controller, now, roundTrip: 1_000);
        }

        Assert.InRange(controller.SlowdownCount, 20, 31);
    }

    /// <summary>A loss in the ramp must not find the slowdown due again at once.</summary>
    [Fact]
    public void Slowdowns_LossInEveryRamp_AreASecondApart()
    {
        var controller = new LedbatPlusPlusController(LedbatPlusPlusSwitches.Draft, 60_000, Segment, 50 * Segment);
        for (var now = 0L; now < 30_000_000;)
        {
            now = AcknowledgeWindow(controller, now, roundTrip: 1_000);
            if (controller.Phase == "ramp" && controller.CongestionWindowBytes > 20 * Segment)
            {
                controller.OnLoss(new Instant(now), 0);
            }
        }

        Assert.InRange(controller.SlowdownCount, 10, 31);
    }

    private static ICongestionController Make(string name) => name switch
    {
        "LedbatPlusPlus" => new LedbatPlusPlusController(LedbatPlusPlusSwitches.Default, 60_000, Segment, MaxWindow),
        "Rfc6817" => new LedbatController(LedbatProfile.Rfc6817, 100_000, Segment, MaxWindow),
        _ => new LedbatController(LedbatProfile.Libutp, 100_000, Segment, MaxWindow),
    };

    private static long RaiseWindow(ICongestionController controller, long bytes)
    {
        var now = 0L;
        while (controller.CongestionWindowBytes < bytes)
        {
            now = AcknowledgeWindow(controller, now);
        }

        return now;
    }

    private static long AcknowledgeWindow(ICongestionController controller, long now, long roundTrip = 100_000)
    {
        var window = controller.CongestionWindowBytes;
        var count = (int)Math.Max(1, window / Segment);
        for (var i = 0; i < count; i++)
        {
            controller.OnDelaySample(new Instant(now), 5_000);
            controller.OnAcknowledged(Acknowledgements.Of(now + (roundTrip * (i + 1) / count), Segment, window, roundTrip));
        }

        return now + roundTrip;
    }
}

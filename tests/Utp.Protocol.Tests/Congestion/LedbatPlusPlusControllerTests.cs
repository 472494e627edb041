using Utp.Protocol.Congestion.Ledbat;
using Utp.Protocol.Sending;
using Utp.Protocol.Time;

namespace Utp.Protocol.Tests.Congestion;

public class LedbatPlusPlusControllerTests
{
    private const int Segment = 1_000;
    private const long Target = 60_000;
    private const long BaseRoundTrip = 40_000;

    private readonly LedbatPlusPlusController _controller = new(LedbatPlusPlusSwitches.Default, Target, Segment, 10_000_000);
    private long _now = 1_000_000;

    /// <summary>GAIN = 1 / min(16, ceil(2 * 60 / base)), per segment acknowledged.</summary>
    [Theory]
    [InlineData(5_000, 16)]
    [InlineData(20_000, 6)]
    [InlineData(40_000, 3)]
    [InlineData(60_000, 2)]
    [InlineData(120_000, 1)]
    [InlineData(300_000, 1)]
    public void SlowStart_GrowsByGain(long baseRoundTrip, int divisor)
    {
        for (var segment = 0; segment < 48; segment++)
        {
            Acknowledge(Segment, queueing: 0, baseRoundTrip);
        }

        Assert.Equal((2 * Segment) + (48 * Segment / divisor), _controller.CongestionWindowBytes, tolerance: 48);
    }

    [Fact]
    public void SlowStart_QueueAboveThreeQuartersOfTarget_EndsWithoutACut()
    {
        RaiseWindowTo(50 * Segment);
        SeeQueue((Target * 3 / 4) + 1);

        Assert.Equal("avoidance", _controller.Phase);
        Assert.Equal(50 * Segment, _controller.CongestionWindowBytes, tolerance: Segment);
    }

    [Fact]
    public void Avoidance_QueueBelowTarget_AddsGainPerRoundTrip()
    {
        EnterAvoidanceAt(60 * Segment);
        var window = _controller.CongestionWindowBytes;

        AcknowledgeWindow(queueing: 30_000);

        Assert.InRange(_controller.CongestionWindowBytes - window, Segment * 0.30, Segment * 0.35);
    }

    [Fact]
    public void Avoidance_QueueAQuarterAboveTarget_TakesHalfTheWindowPerRoundTripAtMost()
    {
        EnterAvoidanceAt(60 * Segment);
        var window = _controller.CongestionWindowBytes;

        // C = 2: W * 2 * 0.25 = W / 2, less a GAIN.
        AcknowledgeWindow(queueing: Target * 5 / 4);

        Assert.InRange(_controller.CongestionWindowBytes, window * 0.50, window * 0.52);
    }

    [Fact]
    public void Slowdown_TwoRoundTripsAfterSlowStart_FreezesTwoSegmentsAndReturns()
    {
        EnterAvoidanceAt(64 * Segment);
        var window = _controller.CongestionWindowBytes;
        AcknowledgeUntil("slowdown", queueing: 20_000);
        Assert.Equal(1, _controller.SlowdownCount);
        Assert.Equal(2 * Segment, _controller.CongestionWindowBytes);

        var start = _now;
        AcknowledgeUntil("ramp", queueing: 0);
        Assert.InRange(_now - start, 2 * BaseRoundTrip, (2 * (BaseRoundTrip + 20_000)) + 10_000);

        AcknowledgeUntil("avoidance", queueing: 0);
        Assert.Equal(window, _controller.CongestionWindowBytes, tolerance: Segment);
    }

    [Fact]
    public void Ramp_DelayAboveTarget_StillReturnsToTheThreshold()
    {
        EnterAvoidanceAt(64 * Segment);
        AcknowledgeUntil("slowdown", queueing: 20_000);
        AcknowledgeUntil("ramp", queueing: 0);

        AcknowledgeUntil("avoidance", queueing: 2 * Target);

        Assert.InRange(_controller.CongestionWindowBytes, 60 * Segment, 65 * Segment);
    }

    [Fact]
    public void Slowdown_NextOne_ComesNineTimesItsLengthAfterItsEnd()
    {
        EnterAvoidanceAt(64 * Segment);
        AcknowledgeUntil("slowdown", queueing: 20_000);
        var start = _now;
        AcknowledgeUntil("ramp", queueing: 0);
        AcknowledgeUntil("avoidance", queueing: 0);
        var end = _now;

        AcknowledgeUntil("slowdown", queueing: 30_000);

        Assert.InRange(_now - end, 9 * (end - start), (9 * (end - start)) + 10_000);
    }

    [Fact]
    public void Slowdown_ApplicationLimited_IsLeftOut()
    {
        EnterAvoidanceAt(64 * Segment);
        for (var i = 0; i < 10_000; i++)
        {
            Acknowledge(Segment, queueing: 30_000, isWindowLimited: false);
        }

        Assert.Equal(0, _controller.SlowdownCount);
    }

    [Fact]
    public void Slowdown_PathSeenEmpty_IsLeftOut()
    {
        EnterAvoidanceAt(64 * Segment);
        for (var i = 0; i < 200; i++)
        {
            Acknowledge(Segment, queueing: 0);
        }

        Assert.Equal(0, _controller.SlowdownCount);
    }

    [Fact]
    public void Loss_HalvesTheWindow_AndTheDelaysOfBeforeDoNotCutAgain()
    {
        EnterAvoidanceAt(64 * Segment);
        _controller.OnLoss(new Instant(_now), 0);
        var window = _controller.CongestionWindowBytes;
        Assert.InRange(window, 31 * Segment, 33 * Segment);

        Acknowledge(Segment, queueing: 3 * Target);

        Assert.InRange(_controller.CongestionWindowBytes, window, window + Segment);
    }

    [Fact]
    public void Loss_InASlowdown_HalvesWhatItReturnsTo()
    {
        EnterAvoidanceAt(64 * Segment);
        AcknowledgeUntil("slowdown", queueing: 20_000);
        _controller.OnLoss(new Instant(_now), 0);
        Assert.Equal(2 * Segment, _controller.CongestionWindowBytes);

        AcknowledgeUntil("avoidance", queueing: 0);

        Assert.InRange(_controller.CongestionWindowBytes, 31 * Segment, 33 * Segment);
    }

    [Fact]
    public void Timeout_LeavesOneSegment_AndReturnsToHalfUnlessDelayed()
    {
        EnterAvoidanceAt(64 * Segment);
        _controller.OnRetransmissionTimeout(new Instant(_now), 0);
        Assert.Equal(Segment, _controller.CongestionWindowBytes);
        Assert.Equal("rebuild", _controller.Phase);

        AcknowledgeUntil("avoidance", queueing: 0);

        Assert.InRange(_controller.CongestionWindowBytes, 31 * Segment, 34 * Segment);
    }

    [Fact]
    public void Rebuild_DelayAboveThreeQuartersOfTarget_Ends()
    {
        EnterAvoidanceAt(64 * Segment);
        _controller.OnRetransmissionTimeout(new Instant(_now), 0);
        for (var i = 0; i < 4; i++)
        {
            Acknowledge(Segment, queueing: 0);
        }

        SeeQueue(Target);

        Assert.Equal("avoidance", _controller.Phase);
        Assert.InRange(_controller.CongestionWindowBytes, 4 * Segment, 6 * Segment);
    }

    [Fact]
    public void SpuriousLoss_RestoresWindowAndStage()
    {
        RaiseWindowTo(50 * Segment);
        _controller.OnLoss(new Instant(_now), 0);
        Assert.Equal("avoidance", _controller.Phase);

        _controller.OnSpuriousLoss(new Instant(_now));

        Assert.Equal("slow-start", _controller.Phase);
        Assert.Equal(50 * Segment, _controller.CongestionWindowBytes, tolerance: Segment);
    }

    [Fact]
    public void Pacing_ShortRoundTrips_IsOff_LongerOnes_IsAboveTheWindowsRate()
    {
        Assert.Equal(0, _controller.PacingBytesPerSecond);
        EnterAvoidanceAt(64 * Segment);

        var windowRate = _controller.CongestionWindowBytes * 1_000_000 / (BaseRoundTrip + 50_000);
        Assert.InRange(_controller.PacingBytesPerSecond, windowRate * 5 / 4, windowRate * 3);
    }

    private void EnterAvoidanceAt(long windowBytes)
    {
        RaiseWindowTo(windowBytes);
        SeeQueue(50_000);
        Assert.Equal("avoidance", _controller.Phase);
        Assert.Equal(windowBytes, _controller.CongestionWindowBytes, tolerance: Segment);
    }

    private void RaiseWindowTo(long windowBytes)
    {
        while (_controller.CongestionWindowBytes < windowBytes)
        {
            Acknowledge(Segment, queueing: 0);
        }
    }

    private void SeeQueue(long queueing)
    {
        for (var sample = 0; sample < 4; sample++)
        {
            Acknowledge(0, queueing);
        }
    }

    private void AcknowledgeWindow(long queueing)
    {
        SeeQueue(queueing);
        for (var left = _controller.CongestionWindowBytes; left > 0; left -= Segment)
        {
            Acknowledge(Math.Min(left, Segment), queueing);
        }
    }

    private void AcknowledgeUntil(string phase, long queueing)
    {
        for (var i = 0; _controller.Phase != phase; i++)
        {
            Assert.True(i < 20_000, $"still in {_controller.Phase} instead of {phase}");
            Acknowledge(Segment, queueing);
        }
    }

    private void Acknowledge(long bytes, long queueing, long baseRoundTrip = BaseRoundTrip, bool isWindowLimited = true)
    {
        _now += 1_000;
        _controller.OnDelaySample(new Instant(_now), unchecked(0xFFFF_0000 + (uint)queueing));
        _controller.OnAcknowledged(Acknowledgements.Of(
            _now, bytes, _controller.CongestionWindowBytes, baseRoundTrip + queueing, isWindowLimited));
    }
}

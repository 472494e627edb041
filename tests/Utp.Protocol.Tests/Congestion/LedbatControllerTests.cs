using Utp.Protocol.Congestion.Ledbat;
using Utp.Protocol.Sending;
using Utp.Protocol.Time;

namespace Utp.Protocol.Tests.Congestion;

public class LedbatControllerTests
{
    private const int Segment = 1_000;
    private const long Target = 100_000;
    private const long BaseRoundTrip = 40_000;

    private readonly LedbatController _controller = new(LedbatProfile.Rfc6817, Target, Segment, 10_000_000);
    private long _now;

    [Fact]
    public void Window_AtStart_IsTwoSegments() => Assert.Equal(2 * Segment, _controller.CongestionWindowBytes);

    [Fact]
    public void SlowStart_EmptyQueue_DoublesPerRoundTripWhateverTheAcknowledgementsCover()
    {
        for (var round = 0; round < 5; round++)
        {
            Acknowledge(_controller.CongestionWindowBytes, queueing: 0);
        }

        Assert.Equal(64 * Segment, _controller.CongestionWindowBytes);
        Assert.Equal("slow-start", _controller.Phase);
    }

    [Fact]
    public void SlowStart_QueueAtThreeQuartersOfTarget_EndsAndTakesTheLastDoublingBack()
    {
        RaiseWindowTo(64 * Segment);

        SeeQueue(Target * 3 / 4);

        Assert.Equal("avoidance", _controller.Phase);
        Assert.Equal(32 * Segment, _controller.CongestionWindowBytes);
    }

    [Fact]
    public void Avoidance_EmptyQueue_AddsOneSegmentPerRoundTrip()
    {
        EnterAvoidanceAt(20 * Segment);

        AcknowledgeWindow(queueing: 0);

        Assert.InRange(_controller.CongestionWindowBytes, 20 * Segment + Segment * 9 / 10, 21 * Segment);
    }

    [Fact]
    public void Avoidance_QueueAtTarget_Holds()
    {
        EnterAvoidanceAt(20 * Segment);

        AcknowledgeWindow(queueing: Target);

        Assert.Equal(20 * Segment, _controller.CongestionWindowBytes);
    }

    [Fact]
    public void Avoidance_QueueAtTwiceTheTarget_TakesOneSegmentPerRoundTrip()
    {
        EnterAvoidanceAt(20 * Segment);

        AcknowledgeWindow(queueing: 2 * Target);

        Assert.InRange(_controller.CongestionWindowBytes, 18 * Segment + Segment / 2, 19 * Segment + Segment / 10);
    }

    [Fact]
    public void Avoidance_NotWindowLimited_ShrinksButDoesNotGrow()
    {
        EnterAvoidanceAt(20 * Segment);

        Acknowledge(Segment, queueing: 0, isWindowLimited: false);
        Assert.Equal(20 * Segment, _controller.CongestionWindowBytes);

        SeeQueue(2 * Target);
        Acknowledge(Segment, queueing: 2 * Target, isWindowLimited: false);
        Assert.InRange(_controller.CongestionWindowBytes, 19 * Segment, 20 * Segment - 1);
    }

    [Fact]
    public void Avoidance_InRecovery_DoesNotGrow()
    {
        EnterAvoidanceAt(20 * Segment);

        Acknowledge(Segment, queueing: 0, isInRecovery: true);

        Assert.Equal(20 * Segment, _controller.CongestionWindowBytes);
    }

    [Fact]
    public void Loss_HalvesTheWindow_NotBelowTwoSegments()
    {
        EnterAvoidanceAt(20 * Segment);
        for (var expected = 10; expected >= 1; expected /= 2)
        {
            _controller.OnLoss(new Instant(_now), _controller.CongestionWindowBytes);
            Assert.Equal(Math.Max(expected, 2) * Segment, _controller.CongestionWindowBytes, tolerance: Segment / 2);
        }
    }

    [Fact]
    public void Loss_AfterTimeout_DoesNotRaiseTheSingleSegment()
    {
        EnterAvoidanceAt(20 * Segment);
        _controller.OnRetransmissionTimeout(new Instant(_now), 20 * Segment);

        _controller.OnLoss(new Instant(_now), Segment);

        Assert.Equal(Segment, _controller.CongestionWindowBytes);
    }

    [Fact]
    public void Timeout_LeavesOneSegment_AndSlowStartReturnsToHalfTheWindow()
    {
        EnterAvoidanceAt(40 * Segment);

        _controller.OnRetransmissionTimeout(new Instant(_now), 40 * Segment);
        Assert.Equal(Segment, _controller.CongestionWindowBytes);

        for (var round = 0; round < 5; round++)
        {
            Assert.Equal("slow-start", _controller.Phase);
            Acknowledge(_controller.CongestionWindowBytes, queueing: 0);
        }

        Assert.Equal("avoidance", _controller.Phase);
        Assert.InRange(_controller.CongestionWindowBytes, 20 * Segment, 33 * Segment);
    }

    [Fact]
    public void SpuriousLoss_RestoresTheWindow()
    {
        EnterAvoidanceAt(40 * Segment);
        _controller.OnLoss(new Instant(_now), 40 * Segment);
        Assert.Equal(20 * Segment, _controller.CongestionWindowBytes);

        _controller.OnSpuriousLoss(new Instant(_now));

        Assert.Equal(40 * Segment, _controller.CongestionWindowBytes);
        Assert.Equal("avoidance", _controller.Phase);
    }

    [Fact]
    public void SpuriousTimeout_RestoresTheWindow()
    {
        EnterAvoidanceAt(40 * Segment);
        _controller.OnRetransmissionTimeout(new Instant(_now), 40 * Segment);

        _controller.OnSpuriousLoss(new Instant(_now));

        Assert.Equal(40 * Segment, _controller.CongestionWindowBytes);
        Assert.Equal("avoidance", _controller.Phase);
    }

    [Fact]
    public void SpuriousLoss_ReportedTwice_RestoresOnce()
    {
        EnterAvoidanceAt(40 * Segment);
        _controller.OnLoss(new Instant(_now), 40 * Segment);
        _controller.OnSpuriousLoss(new Instant(_now));
        for (var round = 0; round < 200; round++)
        {
            AcknowledgeWindow(queueing: 3 * Target);
        }

        var window = _controller.CongestionWindowBytes;
        _controller.OnSpuriousLoss(new Instant(_now));

        Assert.Equal(window, _controller.CongestionWindowBytes);
    }

    [Fact]
    public void Idle_DecaysTheWindow_AndSlowStartRegainsIt()
    {
        EnterAvoidanceAt(40 * Segment);
        _controller.OnIdle(new Instant(_now), 1_100_000);
        Assert.Equal(10 * Segment, _controller.CongestionWindowBytes);

        _controller.OnIdle(new Instant(_now), 60_000_000);
        Assert.Equal(2 * Segment, _controller.CongestionWindowBytes);

        Acknowledge(2 * Segment, queueing: 0);
        Assert.Equal(4 * Segment, _controller.CongestionWindowBytes);
    }

    [Fact]
    public void Idle_Short_ChangesNothing()
    {
        EnterAvoidanceAt(40 * Segment);

        _controller.OnIdle(new Instant(_now), 200_000);

        Assert.Equal(40 * Segment, _controller.CongestionWindowBytes);
    }

    [Fact]
    public void SegmentSize_Grows_WindowKeepsItsBytesAndTheFloorRises()
    {
        EnterAvoidanceAt(20 * Segment);
        _controller.OnSegmentSize(1_452);
        Assert.Equal(20 * Segment, _controller.CongestionWindowBytes);

        for (var cut = 0; cut < 10; cut++)
        {
            _controller.OnLoss(new Instant(_now), 0);
        }

        Assert.Equal(2 * 1_452, _controller.CongestionWindowBytes);
    }

    [Fact]
    public void Window_NeverExceedsTheLargestFlightAllowed()
    {
        for (var round = 0; round < 30; round++)
        {
            Acknowledge(_controller.CongestionWindowBytes, queueing: 0);
        }

        Assert.Equal(10_000_000, _controller.CongestionWindowBytes);
    }

    private void EnterAvoidanceAt(long windowBytes)
    {
        RaiseWindowTo(2 * windowBytes);
        _controller.OnLoss(new Instant(_now), windowBytes);
        Assert.Equal(windowBytes, _controller.CongestionWindowBytes);
    }

    private void RaiseWindowTo(long windowBytes)
    {
        while (_controller.CongestionWindowBytes < windowBytes)
        {
            Acknowledge(Math.Min(_controller.CongestionWindowBytes, windowBytes - _controller.CongestionWindowBytes), queueing: 0);
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

    /// <summary>Four samples and no bytes: the filter takes the smallest of four.</summary>
    private void SeeQueue(long queueing)
    {
        for (var sample = 0; sample < 4; sample++)
        {
            Acknowledge(0, queueing);
        }
    }

    private void Acknowledge(long bytes, long queueing, bool isWindowLimited = true, bool isInRecovery = false)
    {
        _now += 100;
        _controller.OnDelaySample(new Instant(_now), unchecked(0xFFFF_0000 + (uint)queueing));
        _controller.OnAcknowledged(Acknowledgements.Of(
            _now, bytes, _controller.CongestionWindowBytes, BaseRoundTrip + queueing, isWindowLimited, isInRecovery));
    }
}

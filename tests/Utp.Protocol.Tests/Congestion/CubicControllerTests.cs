using Utp.Protocol.Congestion;
using Utp.Protocol.Sending;
using Utp.Protocol.Time;

namespace Utp.Protocol.Tests.Congestion;

public class CubicControllerTests
{
    private const int Segment = 1_000;
    private const long RoundTrip = 100_000;

    private readonly CubicController _controller = new(Segment, 100_000_000);
    private long _now = 1_000_000;

    [Theory]
    [InlineData(0ul, 0ul)]
    [InlineData(1ul, 1ul)]
    [InlineData(7ul, 1ul)]
    [InlineData(8ul, 2ul)]
    [InlineData(26ul, 2ul)]
    [InlineData(27ul, 3ul)]
    [InlineData(999_999_999_999ul, 9_999ul)]
    [InlineData(1_000_000_000_000ul, 10_000ul)]
    [InlineData(ulong.MaxValue, 2_642_245ul)]
    public void CubeRoot_IsRoundedDown(ulong value, ulong root) => Assert.Equal(root, CubicController.CubeRoot(value));

    [Fact]
    public void Window_AtStart_IsTenSegments() => Assert.Equal(10 * Segment, _controller.CongestionWindowBytes);

    [Fact]
    public void SlowStart_FlatRoundTrip_Doubles()
    {
        AcknowledgeWindow();

        Assert.Equal(20 * Segment, _controller.CongestionWindowBytes);
    }

    [Fact]
    public void Loss_LeavesSevenTenths()
    {
        RaiseWindowTo(100 * Segment);

        _controller.OnLoss(new Instant(_now), 0);

        Assert.Equal(70 * Segment, _controller.CongestionWindowBytes);
        Assert.Equal("avoidance", _controller.Phase);
    }

    [Fact]
    public void Avoidance_ReturnsToTheOldMaximumAfterK_AndHardlyGrowsThere()
    {
        // RFC 9438, figure 2: K = cbrt((W_max - cwnd) / C), here cbrt(300 / 0.4) = 9.09 s.
        RaiseWindowTo(1_000 * Segment);
        _controller.OnLoss(new Instant(_now), 0);
        var start = _now;
        while (_now - start < 8_900_000)
        {
            AcknowledgeWindow();
        }

        Assert.InRange(_controller.CongestionWindowBytes, 985 * Segment, 1_010 * Segment);
        var before = _controller.CongestionWindowBytes;
        AcknowledgeWindow();
        Assert.InRange(_controller.CongestionWindowBytes - before, 0, Segment);
    }

    [Fact]
    public void Avoidance_SmallWindow_GrowsLikeReno()
    {
        RaiseWindowTo(20 * Segment);
        _controller.OnLoss(new Instant(_now), 0);
        var window = _controller.CongestionWindowBytes;

        // RFC 9438 section 4.3: alpha is 3 (1 - 0.7) / (1 + 0.7) = 0.53 segments per round trip, until the window before the loss is back.
        for (var round = 0; round < 10; round++)
        {
            AcknowledgeWindow();
        }

        Assert.InRange(_controller.CongestionWindowBytes - window, 5 * Segment, 6 * Segment);
    }

    [Fact]
    public void FastConvergence_LossBelowTheOldMaximum_AimsLower()
    {
        // Straight after a loss at 1,000 segments another comes: the maximum aimed at is 0.85 of 700, not 700.
        RaiseWindowTo(1_000 * Segment);
        _controller.OnLoss(new Instant(_now), 0);
        _controller.OnLoss(new Instant(_now), 0);
        Assert.Equal(490 * Segment, _controller.CongestionWindowBytes, tolerance: 1);
        var start = _now;

        // K = cbrt((595 - 490) / 0.4) = 6.4 s.
        while (_now - start < 6_300_000)
        {
            AcknowledgeWindow();
        }

        Assert.InRange(_controller.CongestionWindowBytes, 585 * Segment, 605 * Segment);
    }

    [Fact]
    public void Avoidance_NotWindowLimited_DoesNotGrowThenOrCatchUpLater()
    {
        RaiseWindowTo(100 * Segment);
        _controller.OnLoss(new Instant(_now), 0);
        AcknowledgeWindow();
        var window = _controller.CongestionWindowBytes;
        for (var round = 0; round < 100; round++)
        {
            _now += RoundTrip;
            _controller.OnAcknowledged(Acknowledgements.Of(
                _now, window, roundTripMicros: RoundTrip, flightBytes: window, isWindowLimited: false));
        }

        Assert.Equal(window, _controller.CongestionWindowBytes);
        AcknowledgeWindow();
        Assert.InRange(_controller.CongestionWindowBytes, window, window + (4 * Segment));
    }

    [Fact]
    public void Timeout_LeavesOneSegment_AndSlowStartEndsAtTheThreshold()
    {
        RaiseWindowTo(100 * Segment);
        _controller.OnRetransmissionTimeout(new Instant(_now), 0);
        Assert.Equal(Segment, _controller.CongestionWindowBytes);

        while (_controller.Phase == "slow-start")
        {
            AcknowledgeWindow();
        }

        Assert.InRange(_controller.CongestionWindowBytes, 50 * Segment, 64 * Segment);
    }

    [Fact]
    public void SpuriousLoss_RestoresTheWindow()
    {
        RaiseWindowTo(100 * Segment);
        _controller.OnLoss(new Instant(_now), 0);

        _controller.OnSpuriousLoss(new Instant(_now));

        Assert.Equal(100 * Segment, _controller.CongestionWindowBytes);
    }

    [Fact]
    public void SlowStart_RoundTripsRiseByAnEighth_GrowsConservativelyAndThenEnds()
    {
        AcknowledgeWindow();
        AcknowledgeWindow();
        AcknowledgeWindow(RoundTrip + 13_000);
        Assert.Equal("conservative-slow-start", _controller.Phase);
        for (var round = 0; round < 5; round++)
        {
            AcknowledgeWindow(RoundTrip + 14_000);
        }

        Assert.Equal("avoidance", _controller.Phase);
    }

    [Fact]
    public void SlowStart_RoundTripsFallAgain_GoesOn()
    {
        AcknowledgeWindow();
        AcknowledgeWindow();
        AcknowledgeWindow(RoundTrip + 13_000);
        Assert.Equal("conservative-slow-start", _controller.Phase);

        AcknowledgeWindow();

        Assert.Equal("slow-start", _controller.Phase);
    }

    private void RaiseWindowTo(long windowBytes)
    {
        var missing = windowBytes - _controller.CongestionWindowBytes;
        while (missing > 0)
        {
            _now += 10;
            var step = Math.Min(missing, _controller.CongestionWindowBytes);
            _controller.OnAcknowledged(Acknowledgements.Of(_now, step, _controller.CongestionWindowBytes, RoundTrip));
            missing -= step;
        }

        Assert.Equal(windowBytes, _controller.CongestionWindowBytes);
    }

    private void AcknowledgeWindow(long roundTrip = RoundTrip)
    {
        var window = _controller.CongestionWindowBytes;
        var count = (int)(window / Segment);
        for (var i = 0; i < count; i++)
        {
            _now += roundTrip / count;
            _controller.OnAcknowledged(Acknowledgements.Of(_now, Segment, window, roundTrip));
        }
    }
}

using Utp.Protocol.Congestion;
using Utp.Protocol.Congestion.Ledbat;
using Utp.Protocol.Sending;
using Utp.Protocol.Time;
using Utp.Simulation.Randomness;

namespace Utp.Protocol.Tests.Congestion;

public class RandomLossToleranceTests
{
    private const int Segment = 1_000;
    private const long RoundTrip = 40_000;
    private const double MinWindow = 2 * Segment;
    private const double Window = 10 * Segment;

    private readonly RandomLossTolerance _tolerance = new();
    private readonly SeededRandomSource _random = new(7);
    private long _now = 1_000_000;

    [Fact]
    public void Losses_WithoutAQueue_AtALowerRateThanPassed_AreToleratedFromTheThirdOn()
    {
        Deliver(20, rounds: 5, () => 0);

        Assert.False(LoseAfter(10, () => 0));
        Assert.False(LoseAfter(10, () => 0));
        Assert.True(LoseAfter(10, () => 0));
        Assert.True(_tolerance.IsTolerating);
        Assert.True(LoseAfter(10, () => 0));
    }

    [Fact]
    public void Losses_AtTheHighestRateThatPassed_AreNeverTolerated()
    {
        Deliver(20, rounds: 5, () => 0);

        for (var i = 0; i < 20; i++)
        {
            Assert.False(LoseAfter(20, () => 0));
        }
    }

    /// <summary>A buffer of 4 ms, with a queue that is empty most of the time.</summary>
    [Fact]
    public void Losses_WhenTheQueueIsFull_AreNeverTolerated()
    {
        Deliver(20, rounds: 5, () => 0);

        for (var i = 0; i < 20; i++)
        {
            Deliver(10, rounds: 2, () => 0);
            Assert.False(LoseAfter(10, () => 4_000));
        }
    }

    [Fact]
    public void Losses_AmidJitter_AreTolerated_AndTheWindowGrows()
    {
        Deliver(20, rounds: 30, Jitter);
        LoseUntilTolerated(Jitter);

        var window = Window;
        for (var i = 0; i < 300; i++)
        {
            window = Steer(window, Jitter());
        }

        Assert.True(window > 2 * Window, $"{window}");
    }

    /// <summary>The mean queue of TCP in a buffer of 10 ms.</summary>
    [Fact]
    public void Losses_AmidAStandingQueue_AreNeverTolerated()
    {
        Deliver(20, rounds: 40, () => 6_000);

        for (var i = 0; i < 20; i++)
        {
            Assert.False(LoseAfter(10, () => 6_000));
        }
    }

    [Fact]
    public void Tolerating_MoreLossThanUsual_Ends_AndNotAgainForSeconds()
    {
        Tolerate();
        while (_tolerance.IsTolerating)
        {
            LoseAfter(4, () => 0);
            Assert.True(_now < 30_000_000, "Still tolerating a fifth of all segments lost.");
        }

        var blockedAt = _now;
        Deliver(20, rounds: 5, () => 0);
        LoseUntilTolerated(() => 0);
        Assert.InRange(_now - blockedAt, 5_000_000, 6_000_000);
    }

    [Fact]
    public void Tolerating_LossesAmidAQueue_Ends()
    {
        Tolerate();
        Steer(Window, 0);

        var tolerated = 0;
        while (tolerated < 10 && LoseAfter(10, () => 10_000))
        {
            tolerated++;
        }

        Assert.InRange(tolerated, 0, 4);
        Assert.False(_tolerance.IsTolerating);
    }

    [Fact]
    public void Tolerating_WithoutLoss_EndsAfterTenSeconds()
    {
        Tolerate();

        Deliver(20, rounds: 245, () => 0);
        Assert.True(_tolerance.IsTolerating);
        Deliver(20, rounds: 10, () => 0);
        Assert.False(_tolerance.IsTolerating);
    }

    [Fact]
    public void Tolerating_AQueueOfAFiftiethOfTheRoundTrip_TakesATenthPerTwoRoundTrips_DownToTheOrdinaryWindow()
    {
        Tolerate();
        var window = 20.0 * Segment;
        var steered = window;
        for (var i = 0; i < 100 && steered >= window; i++)
        {
            steered = Steer(window, 1_200);
        }

        Assert.Equal(18 * Segment, steered, tolerance: 0.01 * Segment);
        var isFloorReached = false;
        for (var i = 0; i < 2_000; i++)
        {
            _tolerance.FollowOrdinary(Acknowledge(1_200), Segment, MinWindow, window);
            window = Steer(window, 1_200);
            isFloorReached |= window <= _tolerance.OrdinaryWindow;
            Assert.True(window >= _tolerance.OrdinaryWindow, $"{window} is below {_tolerance.OrdinaryWindow}");
        }

        Assert.True(isFloorReached, $"{window} is above {_tolerance.OrdinaryWindow}");
    }

    private double Jitter() => _random.NextDouble() * 5_000;

    private void Tolerate()
    {
        Deliver(20, rounds: 5, () => 0);
        LoseUntilTolerated(() => 0);
    }

    private void LoseUntilTolerated(Func<double> queueing)
    {
        for (var i = 0; !LoseAfter(10, queueing); i++)
        {
            Assert.True(i < 200, "200 losses at a lower rate than had passed were not tolerated.");
        }
    }

    private bool LoseAfter(int segments, Func<double> queueing)
    {
        Deliver(segments, rounds: 2, queueing);
        _tolerance.OnSegmentLost();
        return _tolerance.Tolerates(new Instant(_now), Window, MinWindow);
    }

    private void Deliver(int segments, int rounds, Func<double> queueing)
    {
        for (var i = 0; i < segments * rounds; i++)
        {
            _now += RoundTrip / segments;
            _tolerance.Observe(Acknowledgements.Of(_now, Segment, roundTripMicros: RoundTrip), queueing(), Segment);
        }
    }

    private AcknowledgementSample Acknowledge(double queueing)
    {
        _now += RoundTrip / 20;
        var sample = Acknowledgements.Of(_now, Segment, roundTripMicros: RoundTrip);
        _tolerance.Observe(sample, queueing, Segment);
        return sample;
    }

    private double Steer(double window, double queueing) =>
        _tolerance.Steer(Acknowledge(queueing), window, Segment / 3.0, mayGrow: true, RoundTrip);
}

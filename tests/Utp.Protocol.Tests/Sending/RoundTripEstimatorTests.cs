using Utp.Protocol.Sending;

namespace Utp.Protocol.Tests.Sending;

public sealed class RoundTripEstimatorTests
{
    [Fact]
    public void Timeout_BeforeAnySample_IsOneSecond()
    {
        var estimator = default(RoundTripEstimator);

        Assert.Equal((false, 1_000_000), (estimator.HasSample, estimator.TimeoutMicros));
    }

    /// <summary>RFC 6298, 2.2: SRTT = R, RTTVAR = R / 2, RTO = SRTT + 4 RTTVAR.</summary>
    [Fact]
    public void Timeout_AfterTheFirstSample_IsThreeTimesIt()
    {
        var estimator = default(RoundTripEstimator);

        estimator.AddSample(300_000);

        Assert.Equal((300_000, 900_000), (estimator.SmoothedMicros, estimator.TimeoutMicros));
    }

    /// <summary>RFC 6298, 2.3: gains of 1/4 and 1/8, the variation first.</summary>
    [Fact]
    public void Timeout_AfterTheSecondSample_FollowsTheGains()
    {
        var estimator = default(RoundTripEstimator);
        estimator.AddSample(800_000);

        estimator.AddSample(400_000);

        Assert.Equal((750_000, 750_000 + (4 * 400_000)), (estimator.SmoothedMicros, estimator.TimeoutMicros));
        Assert.Equal((400_000, 400_000), (estimator.MinMicros, estimator.LatestMicros));
    }

    /// <summary>The first contains the time in which both programs start.</summary>
    [Fact]
    public void SecondSample_OfLessThanHalf_ReplacesTheFirst()
    {
        var estimator = default(RoundTripEstimator);
        estimator.AddSample(700_000);

        estimator.AddSample(2_000);
        Assert.Equal((2_000, 2_000), (estimator.SmoothedMicros, estimator.MinMicros));

        estimator.AddSample(800);
        Assert.Equal(1_850, estimator.SmoothedMicros);
    }

    [Theory]
    [InlineData(1_000, 500_000)]
    [InlineData(0, 500_000)]
    [InlineData(20_000_000, 30_000_000)]
    public void Timeout_IsBounded(long roundTrip, long expected)
    {
        var estimator = default(RoundTripEstimator);

        estimator.AddSample(roundTrip);

        Assert.Equal(expected, estimator.TimeoutMicros);
    }

    [Fact]
    public void Smoothed_OfAConstantRoundTrip_ConvergesToIt()
    {
        var estimator = default(RoundTripEstimator);
        estimator.AddSample(3_000_000);
        for (var i = 0; i < 200; i++)
        {
            estimator.AddSample(100_000);
        }

        Assert.InRange(estimator.SmoothedMicros, 100_000, 100_010);
        Assert.Equal(500_000, estimator.TimeoutMicros);
    }
}

using Utp.Protocol.Sending;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.Sending;

public sealed class RetransmissionTimerTests
{
    private const long RoundTripMicros = 100_000;
    private static readonly Instant Start = new(1_000_000);

    private RoundTripEstimator _roundTrip;
    private InFlightSegments _segments = new(new SequenceNumber(1));
    private RetransmissionTimer _timer;

    public RetransmissionTimerTests()
    {
        _roundTrip.AddSample(RoundTripMicros);
        Send(Start);
    }

    [Theory]
    [InlineData(0, 500_000)]
    [InlineData(1, 1_000_000)]
    [InlineData(4, 8_000_000)]
    [InlineData(5, 10_000_000)]
    [InlineData(100, 10_000_000)]
    public void Timeout_Doubles_UpToTenSeconds(int timeouts, long expectedMicros)
    {
        for (var i = 0; i < timeouts; i++)
        {
            _timer.OnTimeout(Start);
        }

        Assert.Equal(expectedMicros, _timer.TimeoutMicros(_roundTrip));
    }

    [Fact]
    public void Timeout_OfASlowPath_IsNotCutToTheLongestBackOff()
    {
        var slow = default(RoundTripEstimator);
        slow.AddSample(20_000_000);

        Assert.Equal(RoundTripEstimator.MaxTimeoutMicros, _timer.TimeoutMicros(slow));
    }

    [Fact]
    public void Deadline_WithNothingInFlight_IsNever()
    {
        var none = new InFlightSegments(new SequenceNumber(1));

        Assert.True(_timer.RetransmissionAt(none, _roundTrip).IsNever);
        Assert.True(_timer.TailProbeAt(none, _roundTrip).IsNever);
    }

    [Fact]
    public void TailProbe_OfOneSegment_LeavesTimeForADelayedAcknowledgement()
    {
        Assert.Equal(Start + (2 * RoundTripMicros) + 50_000, _timer.TailProbeAt(_segments, _roundTrip));

        Send(Start + 1);

        Assert.Equal(Start + 1 + (2 * RoundTripMicros) + 10_000, _timer.TailProbeAt(_segments, _roundTrip));
    }

    [Fact]
    public void TailProbe_ComesOncePerProgress()
    {
        _timer.OnTailProbeDeadline();
        Assert.True(_timer.IsTailProbeDue);
        Assert.True(_timer.TailProbeAt(_segments, _roundTrip).IsNever);

        Send(Start + 2);
        Assert.False(_timer.IsTailProbeDue);
        Assert.True(_timer.TailProbeAt(_segments, _roundTrip).IsNever);

        _timer.OnProgress(Start + 3);
        Assert.False(_timer.TailProbeAt(_segments, _roundTrip).IsNever);
    }

    [Fact]
    public void TailProbe_AfterATimeout_WaitsForProgress()
    {
        _timer.OnTimeout(Start);
        Assert.True(_timer.TailProbeAt(_segments, _roundTrip).IsNever);

        _timer.OnProgress(Start);
        Assert.False(_timer.TailProbeAt(_segments, _roundTrip).IsNever);
    }

    private void Send(Instant now)
    {
        var startsFlight = !_segments.HasFlight;
        _segments.Add(SegmentKind.Data, default, 100, now);
        _timer.OnSegmentSent(now, startsFlight);
    }
}

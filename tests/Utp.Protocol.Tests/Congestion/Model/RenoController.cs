using Utp.Protocol.Congestion;
using Utp.Protocol.Time;
using Utp.Transport;

namespace Utp.Protocol.Tests.Congestion.Model;

/// <summary>Reno (RFC 5681) with an initial window of ten segments: the competitor that RFC 6817 measures politeness against.</summary>
internal sealed class RenoController(int segmentBytes) : ICongestionController
{
    private double _window = 10 * segmentBytes;
    private double _threshold = double.MaxValue;

    public UtpCongestionControl Algorithm => UtpCongestionControl.Cubic;

    public long CongestionWindowBytes => (long)_window;

    public long QueueingDelayMicros => 0;

    public long BaseDelayMicros => 0;

    public long PacingBytesPerSecond => 0;

    public string Phase => "reno";

    public void ContinueFrom(Instant now, ICongestionController predecessor)
    {
    }

    public void OnSegmentSize(int segmentBytes)
    {
    }

    public void OnDelaySample(Instant now, uint timestampDifference)
    {
    }

    public void OnPeerDelaySample(Instant now, uint timestampDifference)
    {
    }

    public void OnAcknowledged(in AcknowledgementSample sample)
    {
        if (!sample.IsInRecovery && sample.IsWindowLimited)
        {
            _window += _window < _threshold ? sample.AcknowledgedBytes : segmentBytes * (double)sample.AcknowledgedBytes / _window;
        }
    }

    public void OnLoss(Instant now, long flightBytes) => _threshold = _window = Math.Max(_window / 2, 2.0 * segmentBytes);

    public void OnRetransmissionTimeout(Instant now, long flightBytes)
    {
        _threshold = Math.Max(_window / 2, 2.0 * segmentBytes);
        _window = segmentBytes;
    }

    public void OnSpuriousLoss(Instant now)
    {
    }

    public void OnIdle(Instant now, long idleMicros)
    {
    }

    public void OnClockStep(Instant now)
    {
    }
}

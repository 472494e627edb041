using Utp.Protocol.Congestion;
using Utp.Protocol.Sending;
using Utp.Protocol.Time;

namespace Utp.Protocol.Tests.Congestion.Model;

/// <summary>One sender of <see cref="BottleneckModel"/>: a controller, a clock, an application, and just enough reliability to drive them.</summary>
internal sealed class ModelFlow(ICongestionController controller)
{
    private const long SecondNanos = 1_000_000_000;
    private const long PaceCreditNanos = 2_000_000;

    private readonly List<Segment> _segments = [];
    private long _firstNumber;
    private long _newestDeliveredSentAt;
    private long _recoveryEnd = -1;
    private long _varianceNanos;
    private bool _wasWindowLimited;
    private long _idleSince;
    private long _limitedUntilNumber = -1;

    public ICongestionController Controller { get; } = controller;

    public long StartNanos { get; init; }

    public long StopNanos { get; init; } = long.MaxValue;

    public int SegmentBytes { get; init; } = BottleneckModel.SegmentBytes;

    /// <summary>Propagation there and back, without queueing.</summary>
    public long RoundTripNanos { get; init; } = 40_000_000;

    /// <summary>How fast the peer's clock gains on ours.</summary>
    public double PeerSkew { get; init; }

    public uint PeerClockOffsetMicros { get; init; } = 0x1234_5678;

    /// <summary>When and by how much the peer's clock is set.</summary>
    public (long AtNanos, long Micros) PeerClockStep { get; init; } = (long.MaxValue, 0);

    /// <summary>What the application writes; without a value, it always has more.</summary>
    public Func<long, long>? WrittenBytesAt { get; init; }

    public long NextNumber { get; private set; }

    public long FlightBytes { get; private set; }

    public long DeliveredBytes { get; private set; }

    public long SentBytes { get; private set; }

    public long LostSegments { get; private set; }

    public int Timeouts { get; private set; }

    public long SmoothedRoundTripNanos { get; private set; }

    public long MinRoundTripNanos { get; private set; } = long.MaxValue;

    public long TimeoutAtNanos { get; private set; } = long.MaxValue;

    public int Backoff { get; private set; }

    public long NextPacedNanos { get; private set; }

    /// <summary>The model's notes: when this flow is woken next to send, to time out, and when its last segment arrives.</summary>
    public long PacedWake { get; set; }

    public long TimeoutWake { get; set; }

    public long LastArrival { get; set; }

    private bool IsInRecovery => _recoveryEnd >= _firstNumber && _segments.Count > 0 && _recoveryEnd > 0;

    public bool IsActiveAt(long now) => now >= StartNanos && now < StopNanos;

    /// <summary>Whether another segment may leave now.</summary>
    public bool MaySend(long now)
    {
        if (!IsActiveAt(now) || (WrittenBytesAt is { } written && SentBytes + SegmentBytes > written(now)))
        {
            return false;
        }

        if (FlightBytes + SegmentBytes > Math.Max(Controller.CongestionWindowBytes, SegmentBytes))
        {
            _wasWindowLimited = true;
            _limitedUntilNumber = NextNumber;
            return false;
        }

        _wasWindowLimited |= NextPacedNanos > now;
        return NextPacedNanos <= now;
    }

    public long Send(long now)
    {
        if (_segments.Count == 0)
        {
            if (NextNumber > 0 && _idleSince > 0)
            {
                Controller.OnIdle(new Instant(now / 1_000), (now - _idleSince) / 1_000);
            }

            TimeoutAtNanos = now + Timeout;
        }

        if (Controller.PacingBytesPerSecond is > 0 and var rate)
        {
            NextPacedNanos = Math.Max(NextPacedNanos, now - PaceCreditNanos) + (SegmentBytes * SecondNanos / rate);
        }

        _segments.Add(new Segment(now, IsAcknowledged: false));
        FlightBytes += SegmentBytes;
        SentBytes += SegmentBytes;
        return NextNumber++;
    }

    /// <summary>An acknowledgement of one segment returns.</summary>
    public void Acknowledge(long now, long number, long arrivedNanos)
    {
        DeliveredBytes += SegmentBytes;
        if (number < _firstNumber || _segments[(int)(number - _firstNumber)].IsAcknowledged)
        {
            return;
        }

        var index = (int)(number - _firstNumber);
        var sentAt = _segments[index].SentAt;
        var flightBefore = FlightBytes;
        _segments[index] = new Segment(sentAt, IsAcknowledged: true);
        FlightBytes -= SegmentBytes;
        Backoff = 0;
        MeasureRoundTrip(now - sentAt);
        _newestDeliveredSentAt = Math.Max(_newestDeliveredSentAt, sentAt);
        TimeoutAtNanos = now + Timeout;
        var instant = new Instant(now / 1_000);
        ReportDelay(instant, sentAt, arrivedNanos, now);
        DetectLoss(instant);
        Controller.OnAcknowledged(new AcknowledgementSample
        {
            Now = instant,
            AcknowledgedBytes = SegmentBytes,
            FlightBytes = flightBefore,
            RoundTripMicros = (now - sentAt) / 1_000,
            SmoothedRoundTripMicros = SmoothedRoundTripNanos / 1_000,
            MinRoundTripMicros = MinRoundTripNanos / 1_000,
            IsWindowLimited = _wasWindowLimited,
            IsInRecovery = IsInRecovery,
        });
        _wasWindowLimited &= number < _limitedUntilNumber;
        if (_segments.Count == 0)
        {
            _idleSince = now;
        }
    }

    public void HandleTimeout(long now)
    {
        Timeouts++;
        Backoff = Math.Min(Backoff + 1, 6);
        Controller.OnRetransmissionTimeout(new Instant(now / 1_000), FlightBytes);
        LostSegments += FlightBytes / SegmentBytes;
        SentBytes -= FlightBytes;
        _firstNumber += _segments.Count;
        _segments.Clear();
        FlightBytes = 0;
        _recoveryEnd = -1;
        TimeoutAtNanos = long.MaxValue;
        _idleSince = 0;
    }

    private long Timeout => Math.Max(500_000_000, SmoothedRoundTripNanos + (4 * _varianceNanos)) << Backoff;

    private void MeasureRoundTrip(long nanos)
    {
        MinRoundTripNanos = Math.Min(MinRoundTripNanos, nanos);
        if (SmoothedRoundTripNanos == 0)
        {
            SmoothedRoundTripNanos = nanos;
            _varianceNanos = nanos / 2;
            return;
        }

        _varianceNanos += (Math.Abs(SmoothedRoundTripNanos - nanos) - _varianceNanos) / 4;
        SmoothedRoundTripNanos += (nanos - SmoothedRoundTripNanos) / 8;
    }

    private void ReportDelay(Instant instant, long sentAt, long arrivedNanos, long now)
    {
        Controller.OnDelaySample(instant, unchecked((uint)(PeerClock(arrivedNanos) - (sentAt / 1_000))));
        Controller.OnPeerDelaySample(instant, unchecked((uint)((now / 1_000) - PeerClock(arrivedNanos))));
    }

    private long PeerClock(long nanos)
    {
        var (at, micros) = PeerClockStep;
        return PeerClockOffsetMicros + (long)(nanos / 1e3 * (1 + PeerSkew)) + (nanos >= at ? micros : 0);
    }

    /// <summary>What was sent a quarter of a round trip before something that has arrived is lost (RFC 8985's idea).</summary>
    private void DetectLoss(Instant instant)
    {
        var removed = 0;
        var lostNumber = -1L;
        foreach (var segment in _segments)
        {
            if (!segment.IsAcknowledged)
            {
                if (segment.SentAt >= _newestDeliveredSentAt - (MinRoundTripNanos / 4))
                {
                    break;
                }

                lostNumber = _firstNumber + removed;
                LostSegments++;
                SentBytes -= SegmentBytes;
                FlightBytes -= SegmentBytes;
            }

            removed++;
        }

        _segments.RemoveRange(0, removed);
        _firstNumber += removed;
        if (lostNumber > _recoveryEnd)
        {
            _recoveryEnd = NextNumber - 1;
            Controller.OnLoss(instant, FlightBytes);
        }
    }

    private readonly record struct Segment(long SentAt, bool IsAcknowledged);
}

using Utp.Protocol.Congestion.Ledbat;
using Utp.Protocol.Time;
using Utp.Transport;

namespace Utp.Protocol.Congestion;

/// <summary>
/// The common part of every window-based controller: the window and its bounds, the slow-start threshold, undoing a spurious cut, restarting after
/// idleness, and shrinking a window that the application does not use. Subclasses decide how it grows and yields. Arithmetic uses doubles with the
/// four basic operations only, which IEEE 754 makes bit-identical on every machine.
/// </summary>
internal abstract partial class WindowController : ICongestionController
{
    /// <summary>RFC 6817 section 2.4.1, INIT_CWND and MIN_CWND: two segments.</summary>
    protected const int MinWindowSegments = 2;

    /// <summary>Below this round trip a timer cannot space segments better than acknowledgements do.</summary>
    private const long MinPacedRoundTripMicros = 4_000;

    /// <summary>An idle connection halves its window once per such interval, or per two round trips if that is longer.</summary>
    private const long IdleHalvingMicros = 500_000;

    private readonly int _maxWindow;
    private int _smoothedRoundTripMicros;
    private double _windowBeforeCut;
    private double _thresholdBeforeCut;
    private int _roundPeakFlight;
    private int _previousPeakFlight;
    private int _roundAcknowledged;
    private int _roundMicros;
    private Instant _roundStart;
    private bool _roundWasLimited;
    private double _roundStartWindow;
    private double _previousRoundStartWindow;
    private bool _ackedSinceTimeout = true;

    protected WindowController(int segmentBytes, long maxWindowBytes, int initialSegments)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(segmentBytes, 1);
        SegmentBytes = segmentBytes;
        _maxWindow = ToInt(Math.Max(maxWindowBytes, (long)MinWindowSegments * segmentBytes));
        Window = Math.Min((double)initialSegments * segmentBytes, _maxWindow);
        Threshold = _maxWindow;
    }

    public abstract UtpCongestionControl Algorithm { get; }

    public abstract string Phase { get; }

    public abstract long QueueingDelayMicros { get; }

    public abstract long BaseDelayMicros { get; }

    public virtual long TargetDelayMicros => 0;

    public long CongestionWindowBytes => (long)Window;

    public long PacingBytesPerSecond
    {
        get
        {
            if (SmoothedRoundTripMicros < MinPacedRoundTripMicros)
            {
                return 0;
            }

            // The rate is higher than one window per round trip, so that pacing spreads bursts but never limits the flight.
            var bytesPerMicro = (IsInSlowStart ? 2.0 : 1.25) * Window / SmoothedRoundTripMicros;
            return (long)(Math.Min(bytesPerMicro, MaxBytesPerMicro) * 1e6);
        }
    }

    protected int SegmentBytes { get; private set; }

    protected double Window { get; private set; }

    /// <summary>The window at which slow start ends (ssthresh). It equals the maximum window until a cut sets it.</summary>
    protected double Threshold { get; set; }

    protected long SmoothedRoundTripMicros => _smoothedRoundTripMicros;

    /// <summary>The bytes acknowledged in the last completed round trip, per microsecond.</summary>
    protected double DeliveredBytesPerMicro { get; private set; }

    /// <summary>The larger of the windows at the starts of the last two round trips.</summary>
    protected double RecentLargestWindow => Math.Max(_roundStartWindow, _previousRoundStartWindow);

    protected bool HasThreshold => Threshold < _maxWindow;

    protected double MinWindow => (double)MinWindowSegments * SegmentBytes;

    public void OnSegmentSize(int segmentBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(segmentBytes, 1);
        var isSingleSegment = Window < MinWindow;
        SegmentBytes = segmentBytes;
        Window = Math.Max(Window, isSingleSegment ? segmentBytes : MinWindow);
        Threshold = Math.Max(Threshold, MinWindow);
    }

    public abstract void OnDelaySample(Instant now, uint timestampDifference);

    public abstract void OnPeerDelaySample(Instant now, uint timestampDifference);

    public void OnAcknowledged(in AcknowledgementSample sample)
    {
        _smoothedRoundTripMicros = ToInt(sample.SmoothedRoundTripMicros);
        _ackedSinceTimeout |= sample.AcknowledgedBytes > 0;
        TrackFlight(sample);
        Steer(sample);
    }

    public virtual void OnSegmentLost(Instant now)
    {
    }

    public void OnLoss(Instant now, long flightBytes)
    {
        if (Tolerates(now))
        {
            // There is no cut to undo, and an earlier one is too old.
            _windowBeforeCut = 0;
            return;
        }

        RememberForUndo();
        Cut(now);
    }

    public void OnRetransmissionTimeout(Instant now, long flightBytes)
    {
        // Only the first timeout of a series says something about the window. The following ones show only that the path is still silent. If each
        // halved the threshold, a connection that survived an outage would grow back by only one segment per round trip. For the same reason the new
        // threshold is derived from the old one, not from the few segments of a window that is being rebuilt.
        if (_ackedSinceTimeout)
        {
            RememberForUndo();
            Threshold = Math.Max((IsRebuilding ? Math.Max(Window, Threshold) : Window) / 2, MinWindow);
        }

        _ackedSinceTimeout = false;
        Window = SegmentBytes;
        ForgetEarlierWindows();
        RestartSlowStart(now);
    }

    public void OnSpuriousLoss(Instant now)
    {
        if (_windowBeforeCut > 0)
        {
            Window = Math.Max(Window, _windowBeforeCut);
            Threshold = Math.Max(Threshold, _thresholdBeforeCut);
            _windowBeforeCut = 0;
            OnCutUndone(now);
        }
    }

    public void OnIdle(Instant now, long idleMicros)
    {
        var interval = Math.Max(IdleHalvingMicros, 2 * SmoothedRoundTripMicros);
        var halvings = idleMicros / interval;
        if (halvings <= 0 || Window <= MinWindow)
        {
            return;
        }

        // This is the decay of RFC 2861: the threshold keeps the window's size, and slow start regains it as far as the path still carries it.
        if (HasThreshold)
        {
            Threshold = Math.Max(Threshold, Window * 3 / 4);
        }

        for (; halvings > 0 && Window > MinWindow; halvings--)
        {
            Window = Math.Max(Window / 2, MinWindow);
        }

        _roundPeakFlight = _previousPeakFlight = 0;
        _windowBeforeCut = 0;
        ForgetEarlierWindows();
        RestartSlowStart(now);
    }

    public abstract void OnClockStep(Instant now);

    /// <summary>The estimates of the path's delay.</summary>
    protected abstract ref QueueingDelayEstimator Delay { get; }

    /// <summary>Whether the controller is on its way to <see cref="Threshold"/>, in a slow start or before one.</summary>
    protected abstract bool IsBelowThreshold { get; }

    /// <summary>Whether the window grows by a fraction of itself per round trip.</summary>
    protected abstract bool IsInSlowStart { get; }

    /// <summary>The maximum pacing rate, whatever the window.</summary>
    protected virtual double MaxBytesPerMicro => double.MaxValue;

    /// <summary>Whether slow start towards <see cref="Threshold"/> follows a timeout or idleness.</summary>
    protected abstract bool IsRebuilding { get; }

    /// <summary>Begins with a window, threshold and delay estimates of a predecessor: in slow start, or past it.</summary>
    protected abstract void Begin(Instant now, bool inSlowStart);

    /// <summary>Grows or shrinks the window for one acknowledgement.</summary>
    protected abstract void Steer(in AcknowledgementSample sample);

    /// <summary>Whether a loss leaves the window alone.</summary>
    protected virtual bool Tolerates(Instant now) => false;

    /// <summary>Cuts window and threshold after a loss.</summary>
    protected abstract void Cut(Instant now);

    /// <summary>Restarts slow start after a reduction of the window, up to <see cref="Threshold"/>.</summary>
    protected abstract void RestartSlowStart(Instant now);

    /// <summary>Called after window and threshold have been restored to their values before the last cut.</summary>
    protected virtual void OnCutUndone(Instant now)
    {
    }

    /// <summary>Sets the window within its bounds: two segments, and the maximum that may ever be in flight.</summary>
    protected void SetWindow(double bytes) => Window = Math.Min(Math.Max(bytes, MinWindow), _maxWindow);

    /// <summary>Grows the window. Unlike <see cref="SetWindow"/>, it does not raise it from the single segment that follows a timeout.</summary>
    protected void Grow(double bytes) => Window = Math.Min(Window + bytes, _maxWindow);

    /// <summary>
    /// Grows the window by the bytes acknowledged, at most to its double and not beyond <see cref="Threshold"/>. The acknowledgement of a segment
    /// that fills a gap also covers everything received behind the gap, which says nothing about what the path carries now.
    /// </summary>
    protected void GrowInSlowStart(double bytes) => Window = Math.Max(Window, Math.Min(Window + Math.Min(bytes, Window), Threshold));

    /// <summary>
    /// Halves the window for a loss. The lost segment was sent a round trip ago: if delay has reduced the window since, that reduction counts. RFC
    /// 6817: min(cwnd, max(cwnd / 2, MIN_CWND)), so the single segment after a timeout stays one.
    /// </summary>
    protected void HalveWindow()
    {
        var windowThen = Math.Max(Window, RecentLargestWindow);
        Window = Math.Min(Window, Math.Max(windowThen / 2, MinWindow));
        ForgetEarlierWindows();
    }

    /// <summary>Discards earlier windows after the window was set to an unrelated value: they say nothing about later losses.</summary>
    protected void ForgetEarlierWindows() => _roundStartWindow = _previousRoundStartWindow = Window;

    /// <summary>Marks the capacity as unknown.</summary>
    protected void ForgetThreshold() => Threshold = _maxWindow;

    /// <summary>
    /// Converts a count. Counts are far below the limit (16,384 packets, half an hour); the limit only keeps impossible ones from becoming negative.
    /// </summary>
    private static int ToInt(long value) => (int)Math.Min(value, int.MaxValue);

    private void RememberForUndo()
    {
        _windowBeforeCut = Window;
        _thresholdBeforeCut = Threshold;
    }

    // Deviation: RFC 6817 caps the window at flight + ALLOWED_INCREASE on every acknowledgement. An acknowledgement that covers many
    // segments then pins the window (a fielded implementation stayed at 53 KB on a 166 ms path). Here growth needs a flight that the window
    // limited, and a window that went unused for a whole round trip comes down to twice the largest flight of two round trips.
    private void TrackFlight(in AcknowledgementSample sample)
    {
        _roundAcknowledged = ToInt(_roundAcknowledged + sample.AcknowledgedBytes);
        _roundPeakFlight = ToInt(Math.Max(_roundPeakFlight, sample.FlightBytes));
        _roundWasLimited |= sample.IsWindowLimited || sample.IsInRecovery;
        if (sample.Now < _roundStart + _roundMicros)
        {
            return;
        }

        if (!_roundWasLimited)
        {
            var peak = Math.Max(_roundPeakFlight, _previousPeakFlight);
            Window = Math.Min(Window, Math.Max(2.0 * peak, MinWindow) + MinWindow);
        }

        DeliveredBytesPerMicro = (double)_roundAcknowledged / Math.Max(1, sample.Now.Since(_roundStart));
        _roundAcknowledged = 0;
        _roundStart = sample.Now;
        _previousPeakFlight = _roundPeakFlight;
        _roundPeakFlight = 0;
        _roundWasLimited = false;
        _roundMicros = _smoothedRoundTripMicros;
        _previousRoundStartWindow = _roundStartWindow;
        _roundStartWindow = Window;
    }
}

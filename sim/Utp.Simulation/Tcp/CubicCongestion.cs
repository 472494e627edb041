namespace Utp.Simulation.Tcp;

/// <summary>
/// RFC 9438 with fast convergence and the delay-based exit from slow start, in the arithmetic that kernels use: windows in segments, time in
/// 1/1024 s, beta 717/1024, C 0.4, roots in integers.
/// </summary>
internal sealed class CubicCongestion : ITcpCongestion
{
    private const int BetaScale = 1_024;
    private const int Beta = 717;

    /// <summary>Reno's growth that gives CUBIC's average window: one segment per 15/8 windows acknowledged, RFC 9438 section 4.3.</summary>
    private const int FriendlyNumerator = 15;
    private const int FriendlyShift = 3;

    /// <summary>C * 1024 = 410: W(t) = C * (t - K)^3 with t in seconds.</summary>
    private const long CubeScale = 410;

    private readonly HyStart _hyStart = new();
    private long _epochStart = -1;
    private int _lastMaximum;
    private int _origin;
    private long _timeToOrigin;
    private int _friendlyWindow;
    private int _acknowledged;
    private long _minRoundTrip = long.MaxValue;

    public void OnAcknowledged(TcpWindow window, long now, long roundTripNanos, int segments, long nextSequence, long acknowledgement)
    {
        if (roundTripNanos > 0)
        {
            _minRoundTrip = Math.Min(_minRoundTrip, roundTripNanos);
            if (window.IsSlowStart)
            {
                _hyStart.OnAcknowledged(window, now, roundTripNanos, _minRoundTrip, nextSequence, acknowledgement);
            }
        }

        if (window.IsSlowStart)
        {
            segments = window.SlowStart(segments);
        }

        if (segments > 0)
        {
            window.Increase(SegmentsPerIncrease(window.Segments, now, segments), segments);
        }
    }

    public int ThresholdAfterLoss(TcpWindow window)
    {
        _epochStart = -1;

        // Fast convergence: a flow that has less than at its last loss gives way to new flows.
        _lastMaximum = window.Segments < _lastMaximum ? window.Segments * (BetaScale + Beta) / (2 * BetaScale) : window.Segments;
        return Math.Max(window.Segments * Beta / BetaScale, 2);
    }

    public void OnTimeout()
    {
        _epochStart = -1;
        _lastMaximum = 0;
        _origin = 0;
        _timeToOrigin = 0;
        _friendlyWindow = 0;
        _acknowledged = 0;
        _hyStart.Restart();
    }

    private int SegmentsPerIncrease(int window, long now, int segments)
    {
        _acknowledged += segments;
        if (_epochStart < 0)
        {
            StartEpoch(window, now, segments);
        }

        var time = ToTicks(now - _epochStart + _minRoundTrip);
        var distance = Math.Abs(time - _timeToOrigin);
        var delta = (CubeScale * distance * distance * distance) >> 40;
        var target = time < _timeToOrigin ? _origin - delta : _origin + delta;

        var per = target > window ? window / (target - window) : 100L * window;
        if (_lastMaximum == 0)
        {
            per = Math.Min(per, 20);
        }

        return (int)Math.Max(LimitedByFriendliness(per, window), 2);
    }

    private void StartEpoch(int window, long now, int segments)
    {
        _epochStart = now;
        _acknowledged = segments;
        _friendlyWindow = window;
        if (_lastMaximum <= window)
        {
            _timeToOrigin = 0;
            _origin = window;
        }
        else
        {
            // K = cbrt((Wmax - W) / C), in 1/1024 s.
            _timeToOrigin = (long)FixedPoint.CubeRoot(((ulong)(_lastMaximum - window) << 40) / CubeScale);
            _origin = _lastMaximum;
        }
    }

    private long LimitedByFriendliness(long per, int window)
    {
        var step = Math.Max((window * FriendlyNumerator) >> FriendlyShift, 1);
        while (_acknowledged > step)
        {
            _acknowledged -= step;
            _friendlyWindow++;
        }

        return _friendlyWindow > window ? Math.Min(per, window / (_friendlyWindow - window)) : per;
    }

    private static long ToTicks(long nanos) => nanos * BetaScale / Nanos.PerSecond;
}

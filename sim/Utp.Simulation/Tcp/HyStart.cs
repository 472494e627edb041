namespace Utp.Simulation.Tcp;

/// <summary>
/// Leaves slow start before the queue overflows: when a train of closely spaced acknowledgements is as long as half the round trip, or when the
/// round trips at the start of a round exceed the smallest one by an eighth (4 to 16 ms).
/// </summary>
internal sealed class HyStart
{
    private const int LowWindowSegments = 16;
    private const int SamplesPerRound = 8;
    private const long AckSpacingNanos = 2 * Nanos.PerMillisecond;
    private const long MinThresholdNanos = 4 * Nanos.PerMillisecond;
    private const long MaxThresholdNanos = 16 * Nanos.PerMillisecond;

    private bool _isFound;
    private long _roundStart;
    private long _lastAck;
    private long _endOfRound = -1;
    private long _roundMinimum = long.MaxValue;
    private int _samples;

    public void Restart()
    {
        _isFound = false;
        _endOfRound = -1;
    }

    public void OnAcknowledged(TcpWindow window, long now, long roundTrip, long minRoundTrip, long nextSequence, long acknowledgement)
    {
        if (acknowledgement > _endOfRound)
        {
            _roundStart = _lastAck = now;
            _endOfRound = nextSequence;
            _roundMinimum = long.MaxValue;
            _samples = 0;
        }

        if (_isFound || window.Segments < LowWindowSegments)
        {
            return;
        }

        if (now - _lastAck <= AckSpacingNanos)
        {
            _lastAck = now;
            _isFound |= now - _roundStart > minRoundTrip / 2;
        }

        _roundMinimum = Math.Min(_roundMinimum, roundTrip);
        if (_samples < SamplesPerRound)
        {
            _samples++;
        }
        else
        {
            _isFound |= _roundMinimum > minRoundTrip + Math.Clamp(minRoundTrip / 8, MinThresholdNanos, MaxThresholdNanos);
        }

        if (_isFound)
        {
            window.Threshold = window.Segments;
        }
    }
}

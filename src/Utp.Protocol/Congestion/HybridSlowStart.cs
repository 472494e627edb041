namespace Utp.Protocol.Congestion;

/// <summary>
/// HyStart++ (RFC 9406): if the round trip grows from one round to the next, a queue is building. The growth is then reduced to a quarter for five
/// rounds, unless the round trip falls again, and after them slow start ends.
/// </summary>
internal struct HybridSlowStart
{
    private const int MinSamples = 8;
    private const int ConservativeRounds = 5;
    private const int ConservativeDivisor = 4;
    private const long MinThresholdMicros = 4_000;
    private const long MaxThresholdMicros = 16_000;

    private long _roundBytesLeft;
    private long _lastRoundMinMicros;
    private long _roundMinMicros;
    private long _baselineMicros;
    private int _sampleCount;
    private int _conservativeRoundsLeft;

    public bool IsConservative { get; private set; }

    public bool IsOver { get; private set; }

    /// <summary>Takes an acknowledgement; returns the divisor of the growth.</summary>
    public int Observe(in AcknowledgementSample sample)
    {
        if (sample.RoundTripMicros > 0)
        {
            _roundMinMicros = _sampleCount == 0 ? sample.RoundTripMicros : Math.Min(_roundMinMicros, sample.RoundTripMicros);
            _sampleCount++;
        }

        if (_sampleCount >= MinSamples)
        {
            Judge();
        }

        _roundBytesLeft -= sample.AcknowledgedBytes;
        if (_roundBytesLeft <= 0)
        {
            EndRound(sample.FlightBytes - sample.AcknowledgedBytes);
        }

        return IsConservative ? ConservativeDivisor : 1;
    }

    private void Judge()
    {
        if (IsConservative)
        {
            IsConservative = _roundMinMicros >= _baselineMicros;
            return;
        }

        var threshold = Math.Clamp(_lastRoundMinMicros / 8, MinThresholdMicros, MaxThresholdMicros);
        if (_lastRoundMinMicros > 0 && _roundMinMicros >= _lastRoundMinMicros + threshold)
        {
            IsConservative = true;
            _baselineMicros = _roundMinMicros;
            _conservativeRoundsLeft = ConservativeRounds;
        }
    }

    private void EndRound(long flightBytes)
    {
        IsOver = IsConservative && --_conservativeRoundsLeft <= 0;
        _lastRoundMinMicros = _sampleCount > 0 ? _roundMinMicros : _lastRoundMinMicros;
        _sampleCount = 0;
        _roundBytesLeft = flightBytes;
    }
}

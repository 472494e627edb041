namespace Utp.Protocol.Sending;

/// <summary>Estimates the smoothed round trip and the retransmission timeout (RFC 6298), with the bounds that uTP uses.</summary>
internal struct RoundTripEstimator
{
    /// <summary>BEP 29's floor. libutp uses 1 s; RFC 6298 says SHOULD 1 s, but a tail loss would then cost twice as long.</summary>
    public const long MinTimeoutMicros = 500_000;

    /// <summary>BEP 29's initial timeout.</summary>
    public const long InitialTimeoutMicros = 1_000_000;

    public const long MaxTimeoutMicros = 30_000_000;

    // The fields are narrow because every idle connection has them: no wait is longer than half an hour.
    private int _variationMicros;
    private int _smoothedMicros;
    private int _minMicros;
    private int _latestMicros;
    private bool _hasSecondSample;

    public readonly long SmoothedMicros => _smoothedMicros;

    /// <summary>The smallest round trip so far; zero before the first.</summary>
    public readonly long MinMicros => _minMicros;

    public readonly long LatestMicros => _latestMicros;

    public readonly bool HasSample => _smoothedMicros != 0;

    /// <summary>The timeout without back-off.</summary>
    public readonly long TimeoutMicros => HasSample
        ? Math.Clamp(_smoothedMicros + (4L * _variationMicros), MinTimeoutMicros, MaxTimeoutMicros)
        : InitialTimeoutMicros;

    /// <summary>
    /// Takes a round trip that was measured on a segment sent exactly once (Karn's rule), or computed from timestamps. The first one may contain the
    /// time in which both programs start. A second one of less than half replaces it instead of being averaged with it.
    /// </summary>
    public void AddSample(long roundTripMicros)
    {
        var sample = (int)Math.Clamp(roundTripMicros, 1, int.MaxValue);
        _latestMicros = sample;
        _minMicros = _minMicros == 0 ? sample : Math.Min(_minMicros, sample);
        var replacesFirst = HasSample && !_hasSecondSample && sample < _smoothedMicros / 2;
        _hasSecondSample = HasSample;
        if (!HasSample || replacesFirst)
        {
            _smoothedMicros = sample;
            _variationMicros = sample / 2;
            return;
        }

        _variationMicros += (Math.Abs(_smoothedMicros - sample) - _variationMicros) / 4;
        _smoothedMicros = Math.Max(1, _smoothedMicros + ((sample - _smoothedMicros) / 8));
    }
}

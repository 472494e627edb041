namespace Utp.Protocol.Sending;

/// <summary>Smoothed round trip and retransmission timeout (RFC 6298), with the bounds that uTP uses.</summary>
internal struct RoundTripEstimator
{
    /// <summary>BEP 29's floor. libutp uses 1 s; RFC 6298 says SHOULD 1 s, but a tail loss would then cost twice as long.</summary>
    public const long MinTimeoutMicros = 500_000;

    /// <summary>BEP 29's initial timeout.</summary>
    public const long InitialTimeoutMicros = 1_000_000;

    public const long MaxTimeoutMicros = 30_000_000;

    private long _variationMicros;

    public long SmoothedMicros { get; private set; }

    /// <summary>Smallest round trip so far; zero before the first.</summary>
    public long MinMicros { get; private set; }

    public long LatestMicros { get; private set; }

    public readonly bool HasSample => SmoothedMicros != 0;

    /// <summary>Timeout without back-off.</summary>
    public readonly long TimeoutMicros => HasSample
        ? Math.Clamp(SmoothedMicros + (4 * _variationMicros), MinTimeoutMicros, MaxTimeoutMicros)
        : InitialTimeoutMicros;

    /// <summary>Takes a round trip measured on a segment sent exactly once (Karn's rule).</summary>
    public void AddSample(long roundTripMicros)
    {
        roundTripMicros = Math.Max(1, roundTripMicros);
        LatestMicros = roundTripMicros;
        MinMicros = MinMicros == 0 ? roundTripMicros : Math.Min(MinMicros, roundTripMicros);
        if (!HasSample)
        {
            SmoothedMicros = roundTripMicros;
            _variationMicros = roundTripMicros / 2;
            return;
        }

        _variationMicros += (Math.Abs(SmoothedMicros - roundTripMicros) - _variationMicros) / 4;
        SmoothedMicros = Math.Max(1, SmoothedMicros + ((roundTripMicros - SmoothedMicros) / 8));
    }
}

namespace Utp.Simulation.Tcp;

/// <summary>The part of a TCP sender that decides how fast to grow and how far to shrink. Windows are in segments.</summary>
internal interface ITcpCongestion
{
    /// <summary>
    /// Grows the window for newly acknowledged segments, outside recovery. The window is always the limit: senders here never run out of
    /// data.
    /// </summary>
    void OnAcknowledged(TcpWindow window, long now, long roundTripNanos, int segments, long nextSequence, long acknowledgement);

    /// <summary>Takes a loss; returns the new slow-start threshold.</summary>
    int ThresholdAfterLoss(TcpWindow window);

    void OnTimeout();
}

/// <summary>Congestion window and slow-start threshold of a TCP sender, in segments.</summary>
internal sealed class TcpWindow
{
    /// <summary>The initial window (RFC 6928).</summary>
    public const int InitialSegments = 10;

    private int _increments;

    public int Segments { get; set; } = InitialSegments;

    public int Threshold { get; set; } = int.MaxValue;

    public bool IsSlowStart => Segments < Threshold;

    /// <summary>Doubles the window per round trip, up to the threshold; returns the acknowledged segments that it did not use.</summary>
    public int SlowStart(int acknowledged)
    {
        var grown = (int)Math.Min((long)Segments + acknowledged, Threshold);
        var left = acknowledged - (grown - Segments);
        Segments = grown;
        return left;
    }

    /// <summary>Adds one segment for every <paramref name="per"/> acknowledged.</summary>
    public void Increase(int per, int acknowledged)
    {
        if (_increments >= per)
        {
            _increments = 0;
            Segments++;
        }

        _increments += acknowledged;
        if (_increments >= per)
        {
            Segments += _increments / per;
            _increments %= per;
        }
    }

    public void ForgetIncrements() => _increments = 0;
}

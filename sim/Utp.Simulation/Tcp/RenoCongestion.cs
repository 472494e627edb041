namespace Utp.Simulation.Tcp;

/// <summary>Reno congestion control (RFC 5681).</summary>
internal sealed class RenoCongestion : ITcpCongestion
{
    public void OnAcknowledged(TcpWindow window, long now, long roundTripNanos, int segments, long nextSequence, long acknowledgement)
    {
        if (window.IsSlowStart)
        {
            segments = window.SlowStart(segments);
        }

        if (segments > 0)
        {
            window.Increase(window.Segments, segments);
        }
    }

    public int ThresholdAfterLoss(TcpWindow window) => Math.Max(window.Segments / 2, 2);

    public void OnTimeout()
    {
    }
}

using Utp.Protocol.Time;

namespace Utp.Protocol.Congestion;

/// <content>How a controller takes over from another one on a live connection.</content>
internal abstract partial class WindowController
{
    /// <inheritdoc />
    /// <remarks>A cut by the predecessor cannot be undone: its state before the cut belongs to its own algorithm.</remarks>
    public void ContinueFrom(Instant now, ICongestionController predecessor)
    {
        var previous = (WindowController)predecessor;
        var isGrowing = previous.IsBelowThreshold;
        Window = Math.Min(previous.Window, _maxWindow);
        Threshold = isGrowing ? Math.Min(previous.Threshold, _maxWindow) : Math.Max(Window, MinWindow);
        _smoothedRoundTripMicros = previous._smoothedRoundTripMicros;
        _ackedSinceTimeout = previous._ackedSinceTimeout;
        (_roundStart, _roundMicros, _roundAcknowledged) = (previous._roundStart, previous._roundMicros, previous._roundAcknowledged);
        (_roundPeakFlight, _previousPeakFlight) = (previous._roundPeakFlight, previous._previousPeakFlight);
        (_roundWasLimited, DeliveredBytesPerMicro) = (previous._roundWasLimited, previous.DeliveredBytesPerMicro);
        ForgetEarlierWindows();
        Delay.ContinueFrom(now, previous.Delay);
        Begin(now, isGrowing);
    }
}

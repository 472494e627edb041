namespace Utp.Protocol.Receiving;

/// <summary>
/// When to acknowledge. In-order segments are acknowledged every second one, or after a short delay in which a reply may carry the
/// acknowledgement; anything out of the ordinary (gap, fill, duplicate, FIN, window probe) at once.
/// </summary>
internal struct AckScheduler()
{
    private const int SegmentsPerAck = 2;

    private int _pendingCount;

    /// <summary>When a delayed acknowledgement falls due.</summary>
    public Instant Deadline { get; private set; } = Instant.Never;

    public bool IsImmediate { get; private set; }

    public void OnInOrderSegment(Instant now, long delayMicros)
    {
        if (++_pendingCount >= SegmentsPerAck || delayMicros <= 0)
        {
            IsImmediate = true;
        }
        else if (Deadline.IsNever)
        {
            Deadline = now + delayMicros;
        }
    }

    public void RequireImmediate() => IsImmediate = true;

    public void HandleDeadline(Instant now) => IsImmediate |= now >= Deadline;

    /// <summary>A packet that carried the current acknowledgement left.</summary>
    public void OnAcknowledgementSent()
    {
        _pendingCount = 0;
        Deadline = Instant.Never;
        IsImmediate = false;
    }
}

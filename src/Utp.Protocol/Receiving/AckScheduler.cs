using System.Runtime.InteropServices;
using Utp.Protocol.Time;

namespace Utp.Protocol.Receiving;

/// <summary>
/// When to acknowledge. In-order segments are acknowledged every second one, or after a short delay in which a reply may carry the
/// acknowledgement; anything out of the ordinary (gap, fill, duplicate, FIN, window probe) at once.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal struct AckScheduler()
{
    private const int SegmentsPerAck = 2;

    private byte _pendingCount;

    /// <summary>When a delayed acknowledgement falls due.</summary>
    public Instant Deadline { get; private set; } = Instant.Never;

    public bool IsImmediate { get; private set; }

    public void OnInOrderSegment(Instant now, long delayMicros)
    {
        _pendingCount = (byte)Math.Min(_pendingCount + 1, SegmentsPerAck);
        if (_pendingCount == SegmentsPerAck || delayMicros <= 0)
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

using System.Runtime.InteropServices;
using Utp.Protocol.Time;

namespace Utp.Protocol.Receiving;

/// <summary>
/// Decides when to acknowledge. Every second segment in order is acknowledged at once, and the others after a short delay in which a reply may carry
/// the acknowledgement. Anything out of the ordinary (a gap, its filling, a duplicate, a FIN, a window probe) is acknowledged at once.
/// ConnectionCore.AcksSent.cs writes the acknowledgement and the description of the gaps.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal struct AckScheduler()
{
    private const int SegmentsPerAck = 2;

    private byte _pendingCount;

    /// <summary>When a delayed acknowledgement falls due.</summary>
    public Instant Deadline { get; private set; } = Instant.Never;

    /// <summary>Whether an acknowledgement has to leave now.</summary>
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

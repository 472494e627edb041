using Utp.Protocol.Sending;

namespace Utp.Simulation.Tcp;

/// <summary>
/// The state of each segment between the oldest unacknowledged one and the next to be sent, and the resulting sums (RFC 6675's pipe among them).
/// </summary>
internal sealed class TcpScoreboard
{
    private Segment[] _segments = new Segment[1_024];

    public long Unacknowledged { get; private set; }

    public long Next { get; private set; }

    public int Sacked { get; private set; }

    public int Lost { get; private set; }

    /// <summary>Number of retransmissions in flight.</summary>
    public int Retransmitted { get; private set; }

    public int Outstanding => (int)(Next - Unacknowledged);

    public int InFlight => Outstanding - Sacked - Lost + Retransmitted;

    /// <summary>One past the highest selectively acknowledged segment.</summary>
    public long HighestSacked { get; private set; }

    public ref Segment this[long sequence] => ref _segments[sequence & (_segments.Length - 1)];

    public long SendNew(long now)
    {
        if (Outstanding == _segments.Length)
        {
            Grow();
        }

        this[Next] = new Segment { SentAt = now };
        return Next++;
    }

    public void Retransmit(long sequence, long now)
    {
        ref var segment = ref this[sequence];
        if (!segment.IsRetransmitting)
        {
            Retransmitted++;
        }

        segment.IsRetransmitting = true;
        segment.WasRetransmitted = true;
        segment.SentAt = now;
    }

    public void MarkSacked(long sequence)
    {
        ref var segment = ref this[sequence];
        Settle(ref segment);
        segment.IsSacked = true;
        Sacked++;
        HighestSacked = Math.Max(HighestSacked, sequence + 1);
    }

    /// <summary>Marks a segment, or its retransmission, lost.</summary>
    public void MarkLost(long sequence)
    {
        ref var segment = ref this[sequence];
        Settle(ref segment);
        segment.IsLost = true;
        Lost++;
    }

    /// <summary>Removes the oldest segment, which was acknowledged.</summary>
    public void Advance()
    {
        ref var segment = ref this[Unacknowledged];
        if (segment.IsSacked)
        {
            Sacked--;
        }

        Settle(ref segment);
        Unacknowledged++;
    }

    /// <summary>Gets the first lost segment that is not in flight again; -1 if there is none.</summary>
    public long NextToRetransmit(long from)
    {
        if (Lost > Retransmitted)
        {
            for (var sequence = Math.Max(from, Unacknowledged); sequence < Next; sequence++)
            {
                ref var segment = ref this[sequence];
                if (segment.IsLost && !segment.IsRetransmitting)
                {
                    return sequence;
                }
            }
        }

        return -1;
    }

    private void Settle(ref Segment segment)
    {
        if (segment.IsLost)
        {
            segment.IsLost = false;
            Lost--;
        }

        if (segment.IsRetransmitting)
        {
            segment.IsRetransmitting = false;
            Retransmitted--;
        }
    }

    private void Grow()
    {
        var larger = new Segment[_segments.Length * 2];
        for (var sequence = Unacknowledged; sequence < Next; sequence++)
        {
            larger[sequence & (larger.Length - 1)] = this[sequence];
        }

        _segments = larger;
    }

    internal struct Segment
    {
        public long SentAt;
        public bool IsSacked;
        public bool IsLost;
        public bool IsRetransmitting;
        public bool WasRetransmitted;
    }
}

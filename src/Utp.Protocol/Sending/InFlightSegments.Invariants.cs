namespace Utp.Protocol.Sending;

internal partial struct InFlightSegments
{
    /// <summary>Derives the counters and the list anew, and throws if they differ. Returns the payload bytes of all segments.</summary>
    public readonly void CheckInvariants(out long segmentBytes)
    {
        segmentBytes = 0;
        var flight = 0L;
        var lostBytes = 0L;
        var (lost, acknowledged, inFlight) = (0, 0, 0);
        for (var i = 0; i < Count; i++)
        {
            ref var segment = ref this[First + i];
            segmentBytes += segment.Length;
            lost += segment.State == SegmentState.Lost ? 1 : 0;
            acknowledged += segment.State == SegmentState.Acknowledged ? 1 : 0;
            inFlight += segment.State == SegmentState.InFlight ? 1 : 0;
            flight += segment.State == SegmentState.InFlight ? segment.Length : 0;
            lostBytes += segment.State == SegmentState.Lost ? segment.Length : 0;
        }

        Invariant.Holds(flight == FlightBytes, "flight bytes match the segments in flight");
        Invariant.Holds(lost == LostCount && lostBytes == LostBytes, "lost count and bytes match");
        Invariant.Holds(acknowledged == AcknowledgedCount, "acknowledged count matches");
        Invariant.Holds(Count == 0 || _ring is not null, "outstanding segments have a ring");
        var linked = 0;
        var previous = -1;
        for (int slot = _head; slot >= 0; slot = _ring![slot].Next)
        {
            Invariant.Holds(_ring![slot].State == SegmentState.InFlight && _ring[slot].Previous == previous, "the flight list links segments in flight");
            Invariant.Holds(previous < 0 || _ring[previous].SentAt <= _ring[slot].SentAt, "the flight list is in order of transmission");
            previous = slot;
            linked++;
        }

        Invariant.Holds(linked == inFlight && _tail == previous, "the flight list is complete");
        Invariant.Holds(Count == 0 || this[First].State != SegmentState.Acknowledged, "the first segment is not acknowledged");
    }
}

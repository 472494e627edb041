using Utp.Protocol.Time;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Sending;

/// <summary>
/// The segments between the cumulative acknowledgement and the next number, in a ring by number. Those in flight are also linked in the order
/// of their latest transmission, so that loss detection by time looks at the oldest only.
/// </summary>
internal partial struct InFlightSegments
{
    /// <summary>Enough for requests and responses. Thousands of idle connections that have sent something keep no more than this.</summary>
    private const int InitialCapacity = 2;

    private Segment[]? _ring;

    // The fields are narrow because every idle connection has them: there are at most 16,384 segments of at most 65,507 bytes.
    private int _flightBytes;
    private int _lostBytes;
    private ushort _lostCount;
    private ushort _acknowledgedCount;
    private ushort _maxCount;
    private short _head;
    private short _tail;

    /// <summary>No lost segment has a number below this one.</summary>
    private SequenceNumber _lostHint;

    public InFlightSegments(SequenceNumber first)
    {
        First = first;
        Next = first;
        _head = -1;
        _tail = -1;
        _lostHint = first;
    }

    /// <summary>The oldest number that is not acknowledged cumulatively.</summary>
    public SequenceNumber First { get; private set; }

    /// <summary>The number that the next new segment gets.</summary>
    public SequenceNumber Next { get; private set; }

    /// <summary>The number of outstanding segments: those from <see cref="First"/> up to <see cref="Next"/>.</summary>
    public readonly int Count => First.CountTo(Next);

    /// <summary>The largest <see cref="Count"/> so far.</summary>
    public readonly int MaxCount => _maxCount;

    /// <summary>Payload bytes in flight.</summary>
    public readonly long FlightBytes => _flightBytes;

    public readonly int LostCount => _lostCount;

    /// <summary>Payload bytes marked lost and not yet sent again.</summary>
    public readonly long LostBytes => _lostBytes;

    public readonly int AcknowledgedCount => _acknowledgedCount;

    public readonly bool HasFlight => _head >= 0;

    /// <summary>The slot of the segment in flight whose latest transmission is the oldest; -1 when nothing is in flight.</summary>
    public readonly int OldestInFlight => _head;

    public readonly ref Segment this[SequenceNumber number] => ref _ring![number.Value & (_ring.Length - 1)];

    public readonly ref Segment AtSlot(int slot) => ref _ring![slot];

    /// <summary>The number of the segment in a slot.</summary>
    public readonly SequenceNumber NumberOf(int slot) => First + ((slot - First.Value) & (_ring!.Length - 1));

    public readonly bool Contains(SequenceNumber number) => First.CountTo(number) < Count;

    /// <summary>Gives a new segment, in flight from <paramref name="now"/>, the next number.</summary>
    public SequenceNumber Add(SegmentKind kind, BufferPosition start, int length, Instant now)
    {
        EnsureCapacity(Count + 1);
        var number = Next;
        Next += 1;
        ref var segment = ref this[number];
        segment = new Segment { Kind = kind, Start = start, Length = length, SentAt = now, TransmissionCount = 1 };
        Append(number, ref segment);
        _maxCount = (ushort)Math.Max(_maxCount, Count);
        return number;
    }

    /// <summary>Notes that the newest <paramref name="count"/> segments left as a train that the system has to cut.</summary>
    public readonly void MarkTrain(int count)
    {
        for (var i = 1; i <= count; i++)
        {
            this[Next - i].Train = i == 1 ? TrainPosition.Last : TrainPosition.Inside;
        }
    }

    /// <summary>Notes that the newest train left as single datagrams instead.</summary>
    public readonly void UnmarkTrain()
    {
        for (var i = 1; i <= Count && this[Next - i].Train != TrainPosition.None; i++)
        {
            if (i > 1 && this[Next - i].Train == TrainPosition.Last)
            {
                return;
            }

            this[Next - i].Train = TrainPosition.None;
        }
    }

    /// <summary>Puts a lost segment, or one in flight, in flight from <paramref name="now"/>.</summary>
    public void Retransmit(SequenceNumber number, Instant now)
    {
        ref var segment = ref this[number];
        if (segment.State == SegmentState.Lost)
        {
            _lostCount--;
            _lostBytes -= segment.Length;
        }
        else
        {
            Unlink(ref segment);
        }

        segment.SentAt = now;
        segment.TransmissionCount += segment.TransmissionCount < byte.MaxValue ? (byte)1 : (byte)0;
        Append(number, ref segment);
    }

    /// <summary>Marks a segment in flight lost: it waits to be sent again.</summary>
    public void MarkLost(SequenceNumber number)
    {
        ref var segment = ref this[number];
        Unlink(ref segment);
        segment.State = SegmentState.Lost;
        if (LostCount == 0 || number < _lostHint)
        {
            _lostHint = number;
        }

        _lostCount++;
        _lostBytes += segment.Length;
    }

    /// <summary>Marks a segment acknowledged selectively.</summary>
    public void MarkAcknowledged(SequenceNumber number)
    {
        ref var segment = ref this[number];
        LeaveFlight(ref segment);
        segment.State = SegmentState.Acknowledged;
        _acknowledgedCount++;
    }

    /// <summary>Removes the first segment, which is acknowledged cumulatively. Returns true if it had not been acknowledged selectively.</summary>
    public bool RemoveFirst(out Segment segment)
    {
        ref var first = ref this[First];
        segment = first;
        var isNew = first.State != SegmentState.Acknowledged;
        if (isNew)
        {
            LeaveFlight(ref first);
        }
        else
        {
            _acknowledgedCount--;
        }

        // The slot may not be reused for long, and must not keep the application's memory alive.
        first.Start = default;
        First += 1;
        return isNew;
    }

    /// <summary>Gets the lost segment with the lowest number.</summary>
    public bool TryGetFirstLost(out SequenceNumber number)
    {
        number = default;
        if (LostCount == 0)
        {
            return false;
        }

        if (_lostHint < First)
        {
            _lostHint = First;
        }

        while (this[_lostHint].State != SegmentState.Lost)
        {
            _lostHint += 1;
        }

        number = _lostHint;
        return true;
    }

    /// <summary>Releases the ring if nothing is outstanding, so that an idle connection is small.</summary>
    public void ReleaseIfEmpty()
    {
        if (Count == 0)
        {
            _ring = null;
        }
    }

    private void LeaveFlight(ref Segment segment)
    {
        if (segment.State == SegmentState.InFlight)
        {
            Unlink(ref segment);
        }
        else
        {
            _lostCount--;
            _lostBytes -= segment.Length;
        }
    }

    private void Append(SequenceNumber number, ref Segment segment)
    {
        var slot = (short)(number.Value & (_ring!.Length - 1));
        segment.State = SegmentState.InFlight;
        segment.Previous = _tail;
        segment.Next = -1;
        if (_tail >= 0)
        {
            _ring[_tail].Next = slot;
        }
        else
        {
            _head = slot;
        }

        _tail = slot;
        _flightBytes += segment.Length;
    }

    private void Unlink(ref Segment segment)
    {
        if (segment.Previous >= 0)
        {
            _ring![segment.Previous].Next = segment.Next;
        }
        else
        {
            _head = (short)segment.Next;
        }

        if (segment.Next >= 0)
        {
            _ring![segment.Next].Previous = segment.Previous;
        }
        else
        {
            _tail = (short)segment.Previous;
        }

        _flightBytes -= segment.Length;
    }

    private void EnsureCapacity(int count)
    {
        if (_ring is null)
        {
            _ring = new Segment[InitialCapacity];
            return;
        }

        if (count <= _ring.Length)
        {
            return;
        }

        var larger = new Segment[_ring.Length * 2];
        for (var i = 0; i < Count; i++)
        {
            var number = First + i;
            ref var segment = ref larger[number.Value & (larger.Length - 1)];
            segment = this[number];
            segment.Previous = Moved(segment.Previous, larger.Length);
            segment.Next = Moved(segment.Next, larger.Length);
        }

        _head = (short)Moved(_head, larger.Length);
        _tail = (short)Moved(_tail, larger.Length);
        _ring = larger;
    }

    private readonly int Moved(int slot, int newLength) => slot < 0 ? -1 : NumberOf(slot).Value & (newLength - 1);
}

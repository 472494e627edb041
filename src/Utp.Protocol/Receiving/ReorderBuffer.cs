using Utp.Protocol.Wire;

namespace Utp.Protocol.Receiving;

/// <summary>
/// Segments that arrived ahead of a gap, in a ring by number. Bounded in packets by <see cref="MaxAhead"/> and in bytes by the receive window,
/// which counts <see cref="Bytes"/>.
/// </summary>
internal sealed class ReorderBuffer(SegmentBuffers buffers)
{
    /// <summary>Maximum distance of a packet from the next one expected. libutp takes 1,024; a path of 1 Gbit/s and 100 ms needs 8,256.</summary>
    public const int MaxAhead = 16_384;

    private Entry[] _ring = new Entry[16];

    /// <summary>Payload bytes held.</summary>
    public long Bytes { get; private set; }

    public int Count { get; private set; }

    /// <summary>The number furthest ahead among those held; meaningful while <see cref="Count"/> is not zero.</summary>
    public SequenceNumber Highest { get; private set; }

    public bool Contains(SequenceNumber next, SequenceNumber number) => number - next < _ring.Length && At(number).IsPresent;

    /// <summary>Holds a copy. The caller has checked that it is ahead of <paramref name="next"/> by 1 to <see cref="MaxAhead"/> and not held yet.</summary>
    public void Add(SequenceNumber next, SequenceNumber number, ReadOnlySpan<byte> payload)
    {
        EnsureCapacity(next, number - next + 1);
        var buffer = buffers.Rent(payload.Length);
        payload.CopyTo(buffer);
        At(number) = new Entry { Buffer = buffer, Length = payload.Length, IsPresent = true };
        Bytes += payload.Length;
        Highest = Count++ == 0 || number > Highest ? number : Highest;
    }

    /// <summary>Takes the segment with this number out. The caller returns the buffer to <see cref="SegmentBuffers"/>.</summary>
    public bool TryTake(SequenceNumber number, out byte[] buffer, out int length)
    {
        ref var entry = ref At(number);
        (buffer, length) = (entry.Buffer!, entry.Length);
        if (Count == 0 || !entry.IsPresent)
        {
            return false;
        }

        entry = default;
        Count--;
        Bytes -= length;
        return true;
    }

    /// <summary>Returns the buffers of all segments.</summary>
    public void Clear()
    {
        foreach (ref var entry in _ring.AsSpan())
        {
            if (entry.IsPresent)
            {
                buffers.Return(entry.Buffer!);
                entry = default;
            }
        }

        Count = 0;
        Bytes = 0;
    }

    /// <summary>Writes the mask of held packets relative to <paramref name="next"/>, the first missing one; its length is a multiple of 4.</summary>
    public int WriteMask(SequenceNumber next, Span<byte> mask)
    {
        var firstBit = next + 1;
        var length = SelectiveAck.MaskBytesFor(Math.Min(Highest - firstBit, SelectiveAck.MaxSpan - 1));
        mask = mask[..length];
        mask.Clear();
        var bits = Math.Min(Highest - firstBit + 1, length * 8);
        for (var bit = 0; bit < bits; bit++)
        {
            if (At(firstBit + bit).IsPresent)
            {
                SelectiveAck.Set(mask, bit);
            }
        }

        return length;
    }

    /// <summary>Derives the counters anew, and throws if they differ.</summary>
    public void CheckInvariants(SequenceNumber next)
    {
        var (count, bytes) = (0, 0L);
        foreach (ref var entry in _ring.AsSpan())
        {
            count += entry.IsPresent ? 1 : 0;
            bytes += entry.IsPresent ? entry.Length : 0;
        }

        Invariant.Holds(count == Count && bytes == Bytes, "reorder buffer counters match its entries");
        Invariant.Holds(Count == 0 || (Highest > next && At(Highest).IsPresent), "the highest reordered packet is held and ahead");
        Invariant.Holds(!At(next).IsPresent, "the next expected packet is missing");
    }

    private ref Entry At(SequenceNumber number) => ref _ring[number.Value & (_ring.Length - 1)];

    private void EnsureCapacity(SequenceNumber next, int count)
    {
        if (count <= _ring.Length)
        {
            return;
        }

        var length = _ring.Length;
        while (length < count)
        {
            length *= 2;
        }

        var larger = new Entry[length];
        for (var i = 0; i < _ring.Length; i++)
        {
            var number = next + i;
            larger[number.Value & (length - 1)] = At(number);
        }

        _ring = larger;
    }

    private struct Entry
    {
        public byte[]? Buffer;
        public int Length;
        public bool IsPresent;
    }
}

using System.Buffers;
using System.IO.Pipelines;

namespace Utp.Transport.Connections.Pipes;

/// <summary>
/// The bytes of a pipe: those that the reader has not consumed, those that the writer has not committed, and the room behind them. The pipe's lock
/// guards all members except those that say otherwise, which the writer uses between <see cref="BeginWriting"/> and <see cref="Commit"/>. An empty
/// chain holds no memory.
/// </summary>
internal struct SegmentChain
{
    private PipeSegment? _head;
    private PipeSegment? _committedTail;
    private PipeSegment? _tail;
    private int _headIndex;
    private int _committedIndex;
    private int _tailIndex;

    /// <summary>Gets the number of committed bytes that are not consumed.</summary>
    public long Length { get; private set; }

    /// <summary>Gets the number of bytes written since the last commit. For the writer, without the lock.</summary>
    public long UncommittedLength { get; private set; }

    /// <summary>Gets whether the writer uses the room at the end. Only the writer changes it, under the lock, and may read it without the lock.</summary>
    public bool IsWriting { get; private set; }

    /// <summary>
    /// Gets the bytes that the reader may use. If there are none, the sequence refers to no segment, because empty segments may be returned while the
    /// reader still has the result.
    /// </summary>
    public readonly ReadOnlySequence<byte> Committed =>
        Length == 0 ? ReadOnlySequence<byte>.Empty : new ReadOnlySequence<byte>(_head!, _headIndex, _committedTail!, _committedIndex);

    /// <summary>Gets the room behind the last byte written. For the writer, without the lock.</summary>
    public readonly Memory<byte> Room => _tail!.Writable[_tailIndex..];

    /// <summary>Reserves the end for the writer until <see cref="Commit"/>, with room for <paramref name="minimumBytes"/> and at least one byte.</summary>
    public void BeginWriting(MemoryPool<byte> pool, int minimumBytes)
    {
        minimumBytes = Math.Max(minimumBytes, 1);
        if (_tail is null)
        {
            _head = _committedTail = _tail = PipeSegment.Rent(pool, minimumBytes);
            _headIndex = _committedIndex = _tailIndex = 0;
        }
        else if (_tail.Memory.Length - _tailIndex < minimumBytes)
        {
            var next = PipeSegment.Rent(pool, minimumBytes);
            _tail.Continue(_tailIndex, next);
            _tail = next;
            _tailIndex = 0;
        }

        // Last, so that the chain is unchanged if the pool has no memory.
        IsWriting = true;
    }

    /// <summary>Counts bytes written to <see cref="Room"/>. For the writer, without the lock.</summary>
    public void Advance(int bytes)
    {
        _tailIndex += bytes;
        UncommittedLength += bytes;
    }

    /// <summary>Makes the written bytes visible to the reader.</summary>
    public void Commit()
    {
        IsWriting = false;
        if (UncommittedLength == 0)
        {
            ReleaseIfEmpty();
            return;
        }

        Length += UncommittedLength;
        UncommittedLength = 0;
        _committedTail = _tail;
        _committedIndex = _tailIndex;
    }

    /// <summary>Gets the number of bytes between the first one not consumed and <paramref name="position"/>.</summary>
    /// <exception cref="InvalidOperationException">The position is not in the bytes that the reader may use.</exception>
    public readonly long LengthTo(SequencePosition position)
    {
        if (position.GetObject() is null or byte[])
        {
            // The start or the end of an empty sequence.
            return 0;
        }

        if (position.GetObject() is PipeSegment segment && _head is not null)
        {
            var length = segment.OffsetOf(position.GetInteger()) - _head.OffsetOf(_headIndex);
            if (length >= 0 && length <= Length)
            {
                return length;
            }
        }

        throw new InvalidOperationException("The position is not in the buffer of the last read.");
    }

    /// <summary>Drops the first <paramref name="bytes"/>, at most <see cref="Length"/>, and returns the memory that is no longer needed.</summary>
    public void Consume(long bytes)
    {
        Length -= bytes;
        while (bytes > 0)
        {
            // The committed end may be in a segment before the last one. The bytes behind it do not belong to the reader yet.
            var available = (_head == _committedTail ? _committedIndex : _head!.Memory.Length) - _headIndex;
            if (bytes < available || _head == _committedTail)
            {
                _headIndex += (int)bytes;
                break;
            }

            bytes -= available;
            DropHead();
        }

        ReleaseIfEmpty();
    }

    /// <summary>Returns all memory, unless the writer uses it. Then <see cref="Commit"/> or the next call returns it.</summary>
    public void Clear()
    {
        if (!IsWriting)
        {
            Length = 0;
            UncommittedLength = 0;
            while (_head is not null)
            {
                DropHead();
            }

            _committedTail = _tail = null;
        }
    }

    private void ReleaseIfEmpty()
    {
        if (Length == 0 && UncommittedLength == 0)
        {
            Clear();
        }
    }

    private void DropHead()
    {
        var segment = _head!;
        _head = segment.NextSegment;
        _headIndex = 0;
        segment.Return();
    }
}

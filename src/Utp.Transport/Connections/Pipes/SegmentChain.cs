using System.Buffers;
using System.IO.Pipelines;

namespace Utp.Transport.Connections.Pipes;

/// <summary>
/// The bytes of a pipe: what the reader has not consumed, what the writer has not committed, and room behind. The pipe's lock guards all but
/// three members that say otherwise, which the writer uses between <see cref="BeginWriting"/> and <see cref="Commit"/>. Empty, it holds no memory.
/// </summary>
internal struct SegmentChain
{
    private PipeSegment? _head;
    private PipeSegment? _committedTail;
    private PipeSegment? _tail;
    private int _headIndex;
    private int _committedIndex;
    private int _tailIndex;

    /// <summary>Committed bytes that are not consumed.</summary>
    public long Length { get; private set; }

    /// <summary>Bytes written since the last commit. The writer's own, without the lock.</summary>
    public long UncommittedLength { get; private set; }

    /// <summary>Whether the writer holds on to the room at the end. Changes under the lock, and by the writer alone, who therefore reads it without.</summary>
    public bool IsWriting { get; private set; }

    /// <summary>What the reader may look at. Nothing names no segment: those that hold nothing can go while the reader still has the result.</summary>
    public readonly ReadOnlySequence<byte> Committed =>
        Length == 0 ? ReadOnlySequence<byte>.Empty : new ReadOnlySequence<byte>(_head!, _headIndex, _committedTail!, _committedIndex);

    /// <summary>The room behind the last byte written. The writer's own, without the lock.</summary>
    public readonly Memory<byte> Room => _tail!.Writable[_tailIndex..];

    /// <summary>Keeps the end for the writer until <see cref="Commit"/>, and sees to at least <paramref name="minimumBytes"/> of room, and to some.</summary>
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

        // Last, so that a pool without memory leaves the chain as it was.
        IsWriting = true;
    }

    /// <summary>Counts bytes written to <see cref="Room"/>. The writer's own, without the lock.</summary>
    public void Advance(int bytes)
    {
        _tailIndex += bytes;
        UncommittedLength += bytes;
    }

    /// <summary>Shows the reader what was written.</summary>
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

    /// <summary>How many bytes lie between the first one not consumed and <paramref name="position"/>.</summary>
    /// <exception cref="InvalidOperationException">The position is not in what the reader may look at.</exception>
    public readonly long LengthTo(SequencePosition position)
    {
        if (position.GetObject() is null or byte[])
        {
            // The start, and the end, of nothing.
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

    /// <summary>Forgets the first <paramref name="bytes"/>, at most <see cref="Length"/>, and gives back the memory that held nothing else.</summary>
    public void Consume(long bytes)
    {
        Length -= bytes;
        while (bytes > 0)
        {
            // The committed end may lie in a segment that has been left since; what follows it is not the reader's.
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

    /// <summary>Gives all memory back, unless the writer holds on to it: then <see cref="Commit"/> or the next call does.</summary>
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

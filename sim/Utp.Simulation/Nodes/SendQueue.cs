using System.Buffers;

namespace Utp.Simulation.Nodes;

/// <summary>
/// Bytes written and not yet released: a chain of blocks that stay where they are for as long as the core may look at them, as a pipe's do.
/// </summary>
internal sealed class SendQueue(int blockBytes)
{
    public const int DefaultBlockBytes = 64 * 1024;

    private readonly Stack<Block> _free = new();
    private Block? _head;
    private int _headOffset;
    private Block? _tail;
    private int _tailLength;

    public long Length { get; private set; }

    /// <summary>Everything from the oldest byte that was not released to the newest.</summary>
    public ReadOnlySequence<byte> Buffered =>
        _head is null ? ReadOnlySequence<byte>.Empty : new ReadOnlySequence<byte>(_head, _headOffset, _tail!, _tailLength);

    /// <summary>Room at the end for up to <paramref name="wanted"/> bytes, to be filled and then appended with <see cref="Advance"/>.</summary>
    public Span<byte> Reserve(int wanted)
    {
        if (_tail is null || _tailLength == blockBytes)
        {
            Extend();
        }

        return _tail!.Bytes.AsSpan(_tailLength, Math.Min(wanted, blockBytes - _tailLength));
    }

    public void Advance(int count)
    {
        _tailLength += count;
        Length += count;
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var room = Reserve(bytes.Length);
            bytes[..room.Length].CopyTo(room);
            Advance(room.Length);
            bytes = bytes[room.Length..];
        }
    }

    /// <summary>Forgets bytes at the front; their memory may be used again.</summary>
    public void Release(long count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Length);
        Length -= count;
        while (count > 0)
        {
            var end = _head == _tail ? _tailLength : blockBytes;
            var taken = (int)Math.Min(count, end - _headOffset);
            _headOffset += taken;
            count -= taken;
            if (_headOffset == blockBytes)
            {
                DropHead();
            }
        }
    }

    private void Extend()
    {
        var block = _free.TryPop(out var used) ? used : new Block(blockBytes);
        block.Place(_tail);
        _head ??= block;
        _tail = block;
        _tailLength = 0;
    }

    private void DropHead()
    {
        var block = _head!;
        _head = block.NextBlock;
        _headOffset = 0;
        if (_head is null)
        {
            _tail = null;
            _tailLength = 0;
        }

        block.Retire();
        _free.Push(block);
    }

    private sealed class Block : ReadOnlySequenceSegment<byte>
    {
        public Block(int size)
        {
            Bytes = GC.AllocateUninitializedArray<byte>(size);
            Memory = Bytes;
        }

        public byte[] Bytes { get; }

        public Block? NextBlock => (Block?)Next;

        /// <summary>Whatever still looks at released bytes must be found out rather than find them unchanged.</summary>
        public void Retire()
        {
            Bytes.AsSpan(0, Math.Min(Bytes.Length, 4_096)).Fill(0xDD);
            Next = null;
        }

        public void Place(Block? previous)
        {
            Next = null;
            RunningIndex = 0;
            if (previous is not null)
            {
                previous.Next = this;
                RunningIndex = previous.RunningIndex + previous.Bytes.Length;
            }
        }
    }
}

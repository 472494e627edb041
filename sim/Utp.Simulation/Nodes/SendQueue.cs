using System.Buffers;

namespace Utp.Simulation.Nodes;

/// <summary>Bytes written and not yet released: a chain of blocks that do not move while the core may read them, like those of a pipe.</summary>
internal sealed class SendQueue(int blockBytes)
{
    public const int DefaultBlockBytes = 64 * 1024;

    private readonly Stack<Block> _free = new();
    private Block? _head;
    private int _headOffset;
    private Block? _tail;
    private int _tailLength;

    public long Length { get; private set; }

    /// <summary>All bytes from the oldest unreleased one to the newest.</summary>
    public ReadOnlySequence<byte> Buffered =>
        _head is null ? ReadOnlySequence<byte>.Empty : new ReadOnlySequence<byte>(_head, _headOffset, _tail!, _tailLength);

    /// <summary>Reserves room at the end for up to <paramref name="wanted"/> bytes; fill it and call <see cref="Advance"/>.</summary>
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

    /// <summary>Releases bytes at the front; their memory may be reused.</summary>
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

        /// <summary>Overwrites the block, so that code that still reads released bytes is detected.</summary>
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

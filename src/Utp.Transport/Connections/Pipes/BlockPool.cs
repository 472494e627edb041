using System.Buffers;

namespace Utp.Transport.Connections.Pipes;

/// <summary>
/// Blocks for pipes where the host brings no pool. The runtime's shared pool keeps few arrays of a size and makes an object per rent; a bulk
/// transfer turns over a hundred thousand blocks a second. The last block returned is the next one rented, while caches still hold it.
/// </summary>
internal sealed class BlockPool : MemoryPool<byte>
{
    /// <summary>A dozen Ethernet payloads: few seams for large transfers, little waste for a connection that holds a few bytes.</summary>
    public const int BlockBytes = 16 * 1024;

    /// <summary>64 MiB: beyond it blocks go to the garbage collector.</summary>
    private const int MaxFreeCount = 4_096;

    private readonly Lock _lock = new();
    private Block? _free;
    private int _freeCount;
    private int _leastFreeCount;

    /// <summary>For tests, which no other user of the pool may disturb; everything else takes <see cref="Shared"/>.</summary>
    internal BlockPool() => _ = new CollectionWatch(this);

    /// <summary>The one of this process: sizes do not differ, and memory that one engine no longer needs serves the next.</summary>
    public static new BlockPool Shared { get; } = new();

    public override int MaxBufferSize => BlockBytes;

    /// <summary>Blocks that wait to be rented.</summary>
    public int FreeCount
    {
        get
        {
            lock (_lock)
            {
                return _freeCount;
            }
        }
    }

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockBytes);
        lock (_lock)
        {
            if (_free is { } block)
            {
                _free = block.Next;
                block.Next = null;
                block.IsRented = true;
                _freeCount--;
                _leastFreeCount = Math.Min(_leastFreeCount, _freeCount);
                return block;
            }
        }

        return new Block(this);
    }

    /// <summary>Lets go of the blocks that nobody has needed since the last call.</summary>
    internal void Trim()
    {
        lock (_lock)
        {
            for (; _leastFreeCount > 0; _leastFreeCount--, _freeCount--)
            {
                _free = _free!.Next;
            }

            _leastFreeCount = _freeCount;
        }
    }

    protected override void Dispose(bool disposing)
    {
        // Shared by the process, like the runtime's own.
    }

    private void Return(Block block)
    {
        lock (_lock)
        {
            if (block.IsRented)
            {
                block.IsRented = false;
                if (_freeCount < MaxFreeCount)
                {
                    block.Next = _free;
                    _free = block;
                    _freeCount++;
                }
            }
        }
    }

    private sealed class Block(BlockPool pool) : IMemoryOwner<byte>
    {
        private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(BlockBytes);

        public Block? Next { get; set; }

        /// <summary>A second dispose must not put the block into the pool twice.</summary>
        public bool IsRented { get; set; } = true;

        public Memory<byte> Memory => _bytes;

        public void Dispose() => pool.Return(this);
    }

    /// <summary>Finalized, and made anew, with each collection of the oldest generation: the moment at which the runtime wants memory back.</summary>
    private sealed class CollectionWatch(BlockPool pool)
    {
        ~CollectionWatch()
        {
            if (!Environment.HasShutdownStarted)
            {
                pool.Trim();
                GC.ReRegisterForFinalize(this);
            }
        }
    }
}

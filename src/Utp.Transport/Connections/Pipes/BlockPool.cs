using System.Buffers;

namespace Utp.Transport.Connections.Pipes;

/// <summary>
/// The memory of pipes if the host has no pool. A bulk transfer rents a hundred thousand blocks a second. The runtime's shared pool keeps few arrays
/// of a size, and allocates an object for each rent. This pool rents the block returned last, which is likely to be in the processor's caches.
/// </summary>
internal sealed class BlockPool : MemoryPool<byte>
{
    /// <summary>The length of a block: a dozen Ethernet payloads, so that few segments span two blocks, and few bytes waste little memory.</summary>
    public const int BlockBytes = 16 * 1024;

    /// <summary>The maximum number of free blocks, which is 64 MiB. Blocks beyond it are left to the garbage collector.</summary>
    private const int MaxFreeCount = 4_096;

    private readonly Lock _lock = new();
    private Block? _free;
    private int _freeCount;
    private int _leastFreeCount;

    /// <summary>Initializes a pool of its own for tests. All other code uses <see cref="Shared"/>.</summary>
    internal BlockPool() => _ = new CollectionWatch(this);

    /// <summary>Gets the pool of the process. All blocks have the same length, so engines can share it.</summary>
    public static new BlockPool Shared { get; } = new();

    public override int MaxBufferSize => BlockBytes;

    /// <summary>Gets the number of free blocks.</summary>
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

    /// <summary>Drops the blocks that have been free since the last call.</summary>
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
        // The process shares the pool, like that of the runtime.
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

        /// <summary>Gets or sets whether the block is rented. A second dispose must not return the block twice.</summary>
        public bool IsRented { get; set; } = true;

        public Memory<byte> Memory => _bytes;

        public void Dispose() => pool.Return(this);
    }

    /// <summary>Trims the pool when the runtime needs memory: it is finalized, and registered again, with each collection of the oldest generation.</summary>
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

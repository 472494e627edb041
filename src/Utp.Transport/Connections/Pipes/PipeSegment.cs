using System.Buffers;
using System.Runtime.InteropServices;

namespace Utp.Transport.Connections.Pipes;

/// <summary>
/// One block of memory in the chain of a pipe. Connections share segments like the blocks in them: an idle connection has none.
/// </summary>
internal sealed class PipeSegment : ReadOnlySequenceSegment<byte>
{
    /// <summary>The maximum number of free segments, about 0.5 MiB. Segments beyond it are left to the garbage collector.</summary>
    private const int MaxFreeCount = 8_192;

    private static readonly Lock FreeLock = new();
    private static PipeSegment? _free;
    private static int _freeCount;

    /// <summary>The owner of the memory: of the pool, or an array of the runtime's shared pool.</summary>
    private object? _owner;

    private PipeSegment()
    {
    }

    public Memory<byte> Writable => MemoryMarshal.AsMemory(Memory);

    public PipeSegment? NextSegment => (PipeSegment?)Next;

    /// <summary>Gets the offset of the byte at <paramref name="index"/> in the whole chain.</summary>
    public long OffsetOf(int index) => RunningIndex + index;

    /// <summary>Rents a segment with memory.</summary>
    /// <param name="pool">The source of the memory, if its blocks are large enough.</param>
    /// <param name="minimumBytes">The minimum length of the memory; 0 for the pool's choice.</param>
    public static PipeSegment Rent(MemoryPool<byte> pool, int minimumBytes)
    {
        var segment = RentEmpty();
        if (minimumBytes <= pool.MaxBufferSize)
        {
            // Pools with smaller blocks, such as Kestrel's, return a block of their length.
            var owner = pool.Rent(Math.Min(Math.Max(minimumBytes, BlockPool.BlockBytes), pool.MaxBufferSize));
            (segment._owner, segment.Memory) = (owner, owner.Memory);
        }
        else
        {
            var array = ArrayPool<byte>.Shared.Rent(minimumBytes);
            (segment._owner, segment.Memory) = (array, array);
        }

        return segment;
    }

    /// <summary>Ends this segment after <paramref name="length"/> bytes, and links the next one. No reader refers to the bytes that are cut off.</summary>
    public void Continue(int length, PipeSegment next)
    {
        if (length < Memory.Length)
        {
            Memory = Memory[..length];
        }

        next.RunningIndex = RunningIndex + length;
        Next = next;
    }

    /// <summary>Returns the memory and the segment. Neither may be used again.</summary>
    public void Return()
    {
        if (_owner is byte[] array)
        {
            ArrayPool<byte>.Shared.Return(array);
        }
        else
        {
            ((IMemoryOwner<byte>)_owner!).Dispose();
        }

        _owner = null;
        Memory = default;
        RunningIndex = 0;
        Next = null;
        lock (FreeLock)
        {
            if (_freeCount < MaxFreeCount)
            {
                _freeCount++;
                Next = _free;
                _free = this;
            }
        }
    }

    private static PipeSegment RentEmpty()
    {
        lock (FreeLock)
        {
            if (_free is { } segment)
            {
                _freeCount--;
                _free = segment.NextSegment;
                segment.Next = null;
                return segment;
            }
        }

        return new PipeSegment();
    }
}

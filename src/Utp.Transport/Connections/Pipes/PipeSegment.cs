using System.Buffers;
using System.Runtime.InteropServices;

namespace Utp.Transport.Connections.Pipes;

/// <summary>
/// One block of memory in the chain of a pipe. Segments are reused across connections, like the blocks in them: an idle connection has none.
/// </summary>
internal sealed class PipeSegment : ReadOnlySequenceSegment<byte>
{
    /// <summary>Some 0.5 MiB of objects; beyond it they go to the garbage collector.</summary>
    private const int MaxFreeCount = 8_192;

    private static readonly Lock FreeLock = new();
    private static PipeSegment? _free;
    private static int _freeCount;

    /// <summary>What the memory goes back to: the pool's owner, or an array of the runtime's shared pool.</summary>
    private object? _owner;

    private PipeSegment()
    {
    }

    public Memory<byte> Writable => MemoryMarshal.AsMemory(Memory);

    public PipeSegment? NextSegment => (PipeSegment?)Next;

    /// <summary>Where the byte at <paramref name="index"/> is among all bytes of the chain.</summary>
    public long OffsetOf(int index) => RunningIndex + index;

    /// <param name="pool">Where the memory comes from when a block of it is large enough.</param>
    /// <param name="minimumBytes">The least contiguous memory; 0 for what the pool has.</param>
    public static PipeSegment Rent(MemoryPool<byte> pool, int minimumBytes)
    {
        var segment = RentEmpty();
        if (minimumBytes <= pool.MaxBufferSize)
        {
            // Pools with smaller blocks, such as Kestrel's, give what they have.
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

    /// <summary>Ends this segment after <paramref name="length"/> bytes, and the next one follows. Readers hold none of what is cut off.</summary>
    public void Continue(int length, PipeSegment next)
    {
        if (length < Memory.Length)
        {
            Memory = Memory[..length];
        }

        next.RunningIndex = RunningIndex + length;
        Next = next;
    }

    /// <summary>Gives memory and segment back. Nobody may look at either again.</summary>
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

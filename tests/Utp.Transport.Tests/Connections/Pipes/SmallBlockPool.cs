using System.Buffers;

namespace Utp.Transport.Tests.Connections.Pipes;

/// <summary>
/// Blocks of a few bytes, so that all data spans several blocks. They are overwritten when returned, so that a late read of one is detected.
/// </summary>
internal sealed class SmallBlockPool(int blockBytes) : MemoryPool<byte>
{
    private int _rentedCount;

    public int RentedCount => Volatile.Read(ref _rentedCount);

    public override int MaxBufferSize => blockBytes;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        Assert.InRange(minBufferSize, -1, blockBytes);
        Interlocked.Increment(ref _rentedCount);
        return new Block(this, new byte[blockBytes]);
    }

    protected override void Dispose(bool disposing)
    {
    }

    private sealed class Block(SmallBlockPool pool, byte[] bytes) : IMemoryOwner<byte>
    {
        private int _returned;

        public Memory<byte> Memory => bytes;

        public void Dispose()
        {
            Assert.Equal(0, Interlocked.Exchange(ref _returned, 1));
            Array.Fill(bytes, (byte)0xDD);
            Interlocked.Decrement(ref pool._rentedCount);
        }
    }
}

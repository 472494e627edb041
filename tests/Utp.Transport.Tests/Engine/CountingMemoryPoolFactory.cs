using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace Utp.Transport.Tests.Engine;

/// <summary>Creates pools that count the blocks that are rented.</summary>
internal sealed class CountingMemoryPoolFactory : IMemoryPoolFactory<byte>
{
    private int _rentedCount;

    /// <summary>Whether a request for memory now fails.</summary>
    public Func<bool>? IsExhausted { get; set; }

    public int RentedCount => Volatile.Read(ref _rentedCount);

    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new CountingPool(this);

    private sealed class CountingPool(CountingMemoryPoolFactory owner) : MemoryPool<byte>
    {
        public override int MaxBufferSize => 64 * 1024;

        public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
        {
            if (owner.IsExhausted?.Invoke() == true)
            {
                throw new InsufficientMemoryException();
            }

            Interlocked.Increment(ref owner._rentedCount);
            return new Block(owner, MemoryPool<byte>.Shared.Rent(minBufferSize));
        }

        protected override void Dispose(bool disposing)
        {
        }
    }

    private sealed class Block(CountingMemoryPoolFactory owner, IMemoryOwner<byte> inner) : IMemoryOwner<byte>
    {
        private int _returned;

        public Memory<byte> Memory => inner.Memory;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _returned, 1) == 0)
            {
                // Code that reads a block after returning it should fail.
                inner.Memory.Span.Fill(0xDD);
                inner.Dispose();
                Interlocked.Decrement(ref owner._rentedCount);
            }
        }
    }
}

using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace Utp.Transport.Tests.Engine;

/// <summary>Pools that know how many of their blocks are out.</summary>
internal sealed class CountingMemoryPoolFactory : IMemoryPoolFactory<byte>
{
    private int _rentedCount;

    /// <summary>Whether there is no memory for whoever asks now.</summary>
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
                // Whoever reads a block after giving it back should notice.
                inner.Memory.Span.Fill(0xDD);
                inner.Dispose();
                Interlocked.Decrement(ref owner._rentedCount);
            }
        }
    }
}

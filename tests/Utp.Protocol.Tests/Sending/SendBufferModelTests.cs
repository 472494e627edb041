using System.Buffers;
using System.IO.Pipelines;
using CsCheck;
using Utp.Protocol.Sending;

namespace Utp.Protocol.Tests.Sending;

public sealed class SendBufferModelTests
{
    /// <summary>A pipe whose blocks are small and reused at once: every live segment must still read its own bytes.</summary>
    [Fact]
    public void AnyOperations_AgreeWithAByteArray() => Gen.Select(Gen.Int[0, 5], Gen.Int[1, 200]).Array[0, 200].Sample(
        operations =>
        {
            using var pool = new RecyclingPool();
            var model = new Model(pool);
            foreach (var (verb, argument) in operations)
            {
                switch (verb)
                {
                    case 0 or 1:
                        model.Append(argument);
                        break;
                    case 2 or 3:
                        model.Take(argument);
                        break;
                    case 4:
                        model.Acknowledge(argument % 4);
                        break;
                    default:
                        model.Release(argument);
                        break;
                }

                model.AssertSegmentsReadTheirBytes();
            }
        },
        iter: 300, threads: 1);

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void Update_ReleasingWhatIsNotAcknowledged_IsRefused(int released)
    {
        var buffer = default(SendBuffer);

        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Update(ReadOnlySequence<byte>.Empty, released));
    }

    [Fact]
    public async Task Update_WithUnacknowledgedBytesMissing_IsRefused()
    {
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(new byte[10]);
        pipe.Reader.TryRead(out var read);
        var buffer = default(SendBuffer);
        buffer.Update(read.Buffer, 0);
        buffer.Take(new byte[5], out _);

        Assert.Throws<ArgumentException>(() => buffer.Update(read.Buffer.Slice(1), 0));
    }

    private sealed class Model(RecyclingPool pool)
    {
        private readonly Pipe _pipe = new(new PipeOptions(pool, pauseWriterThreshold: 0, minimumSegmentSize: 64, useSynchronizationContext: false));
        private readonly byte[] _all = Enumerable.Range(0, 50_000).Select(i => (byte)((i * 31) ^ (i >> 8))).ToArray();
        private readonly byte[] _scratch = new byte[200];
        private readonly Queue<(BufferPosition Start, int Offset, int Length)> _segments = new();
        private SendBuffer _buffer;
        private ReadOnlySequence<byte> _shown = ReadOnlySequence<byte>.Empty;
        private int _appended;
        private int _taken;
        private int _acknowledged;
        private int _released;

        public void Append(int count)
        {
            // Asking for all of it at once leaves the rest of a block unused, as an application's GetMemory does.
            _all.AsSpan(_appended, count).CopyTo(_pipe.Writer.GetMemory(count).Span);
            _pipe.Writer.Advance(count);
            _appended += count;
            _pipe.Writer.FlushAsync().AsTask().GetAwaiter().GetResult();
            Show(0);
        }

        public void Take(int length)
        {
            length = (int)Math.Min(length, _buffer.UnsentBytes);
            if (length == 0)
            {
                return;
            }

            var destination = _scratch.AsSpan(0, length);
            _buffer.Take(destination, out var start);
            Assert.True(destination.SequenceEqual(_all.AsSpan(_taken, length)), "the bytes taken are the next ones");
            _segments.Enqueue((start, _taken, length));
            _taken += length;
        }

        public void Acknowledge(int count)
        {
            while (count-- > 0 && _segments.TryDequeue(out var segment))
            {
                _buffer.Acknowledge(segment.Length);
                _acknowledged += segment.Length;
            }
        }

        public void Release(int count) => Show(Math.Min(count, _acknowledged - _released));

        public void AssertSegmentsReadTheirBytes()
        {
            foreach (var (start, offset, length) in _segments)
            {
                var bytes = _scratch.AsSpan(0, length);
                SendBuffer.CopyFrom(start, bytes);
                Assert.True(bytes.SequenceEqual(_all.AsSpan(offset, length)), $"the segment of {length} bytes at {offset} reads other bytes");
            }

            Assert.Equal((_appended - _taken, _acknowledged - _released), (_buffer.UnsentBytes, _buffer.AcknowledgedBytes));
            _buffer.CheckInvariants(_segments.Sum(s => s.Length));
        }

        private void Show(int released)
        {
            if (!_pipe.Reader.TryRead(out var read))
            {
                return;
            }

            _shown = read.Buffer.Slice(read.Buffer.GetPosition(released));
            _buffer.Update(_shown, released);
            _released += released;
            _pipe.Reader.AdvanceTo(_shown.Start, _shown.Start);
        }
    }

    /// <summary>Blocks of 64 bytes or what was asked for; the last one returned is wiped and the first to be rented.</summary>
    private sealed class RecyclingPool : MemoryPool<byte>
    {
        private readonly Stack<byte[]> _free = new();

        public override int MaxBufferSize => 1_024;

        public override IMemoryOwner<byte> Rent(int minBufferSize = -1) =>
            new Block(this, minBufferSize <= 64 && _free.TryPop(out var array) ? array : new byte[Math.Max(64, minBufferSize)]);

        protected override void Dispose(bool disposing)
        {
        }

        private sealed class Block(RecyclingPool pool, byte[] array) : IMemoryOwner<byte>
        {
            public Memory<byte> Memory => array;

            public void Dispose()
            {
                Array.Fill(array, (byte)0xDD);
                if (array.Length == 64)
                {
                    pool._free.Push(array);
                }
            }
        }
    }
}

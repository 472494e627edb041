using System.Buffers;
using Utp.Transport.Connections.Pipes;
using Utp.Transport.Tests.Engine;

namespace Utp.Transport.Tests.Connections.Pipes;

/// <summary>Both ends run at once: every byte arrives in order, over blocks that are overwritten when they are returned.</summary>
public sealed class PipeThreadsTests
{
    private const int TotalBytes = 8 * 1024 * 1024;
    private static readonly TimeSpan Patience = Engine.EngineFixture.Patience;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Input_ReaderAndTurnAtOnce_EveryByteArrivesInOrder(int seed)
    {
        using var pool = new SmallBlockPool(512);
        var input = new ConnectionInput(new RecordingOwner(), pool);
        var turn = Task.Run(() =>
        {
            var random = new Random(seed);
            var (bytes, position) = (new byte[2_000], 0);
            while (position < TotalBytes)
            {
                for (var datagrams = random.Next(1, 6); datagrams > 0 && position < TotalBytes; datagrams--)
                {
                    var length = Math.Min(random.Next(1, bytes.Length), TotalBytes - position);
                    Fill(bytes.AsSpan(0, length), ref position);
                    input.Append(bytes.AsSpan(0, length));
                }

                input.Flush();
            }

            input.CompleteWriter(null);
        });

        var reader = Task.Run(async () =>
        {
            var random = new Random(seed + 100);
            var position = 0;
            while (true)
            {
                var read = await input.ReadAsync();
                var length = random.Next(3) == 0 ? read.Buffer.Length : random.NextInt64(read.Buffer.Length + 1);
                Check(read.Buffer.Slice(0, length), ref position);
                input.AdvanceTo(read.Buffer.GetPosition(length), random.Next(2) == 0 ? read.Buffer.End : read.Buffer.GetPosition(length));
                if (read.IsCompleted && length == read.Buffer.Length)
                {
                    return position;
                }
            }
        });

        await turn.WaitAsync(Patience);
        Assert.Equal(TotalBytes, await reader.WaitAsync(Patience));
        input.Complete();
        Assert.Equal(0, pool.RentedCount);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Output_WriterAndTurnAtOnce_EveryByteIsShownInOrder(int seed)
    {
        const int HoldBytes = 10_000;
        using var pool = new SmallBlockPool(512);
        var output = new ConnectionOutput(new RecordingOwner(), pool, HoldBytes);
        var writer = Task.Run(async () =>
        {
            var random = new Random(seed);
            var (bytes, position) = (new byte[3_000], 0);
            while (position < TotalBytes)
            {
                var length = Math.Min(random.Next(1, bytes.Length), TotalBytes - position);
                if (random.Next(2) == 0)
                {
                    Fill(bytes.AsSpan(0, length), ref position);
                    await output.WriteAsync(bytes.AsMemory(0, length));
                }
                else
                {
                    var room = output.GetMemory(random.Next(600));
                    length = Math.Min(length, room.Length);
                    Fill(room.Span[..length], ref position);
                    output.Advance(length);
                    if (random.Next(4) == 0)
                    {
                        await output.FlushAsync();
                    }
                }
            }

            await output.CompleteAsync();
        });

        var turn = Task.Run(() =>
        {
            var random = new Random(seed + 100);
            var (position, acknowledged, longest) = (0, 0L, 0L);
            while (true)
            {
                var shown = output.ReleaseAndGetUnacknowledged(acknowledged, HoldBytes, out var isCompleted);
                longest = Math.Max(longest, shown.Length);
                acknowledged = random.NextInt64(shown.Length + 1);
                Check(shown.Slice(0, acknowledged), ref position);
                if (isCompleted && position == TotalBytes)
                {
                    output.ReleaseAndGetUnacknowledged(acknowledged, HoldBytes, out _);
                    return longest;
                }
            }
        });

        await writer.WaitAsync(Patience);

        // The output may hold one write beyond the limit at which a flush waits, and what was written without a flush in between.
        Assert.InRange(await turn.WaitAsync(Patience), 1, HoldBytes * 4);
        Assert.Equal(0, pool.RentedCount);
    }

    private static void Fill(Span<byte> bytes, ref int position)
    {
        foreach (ref var value in bytes)
        {
            value = ByteAt(position++);
        }
    }

    private static void Check(in ReadOnlySequence<byte> bytes, ref int position)
    {
        foreach (var block in bytes)
        {
            foreach (var value in block.Span)
            {
                if (value != ByteAt(position))
                {
                    Assert.Fail($"Byte {position} is {value:X2}, not {ByteAt(position):X2}.");
                }

                position++;
            }
        }
    }

    /// <summary>The pattern is not periodic in any power of two, so that a misplaced block is detected.</summary>
    private static byte ByteAt(int position) => (byte)(position % 251);
}

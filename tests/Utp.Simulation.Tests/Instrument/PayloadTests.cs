using System.Buffers;
using Utp.Simulation.Nodes;
using Utp.Simulation.Randomness;

namespace Utp.Simulation.Tests.Instrument;

public class PayloadTests
{
    [Fact]
    public void Stream_FilledInPieces_IsTheStreamFilledAtOnce()
    {
        var stream = new PayloadStream(5);
        var whole = new byte[100_000];
        stream.Fill(0, whole);

        var random = new SeededRandomSource(9);
        var pieces = new byte[whole.Length];
        for (var position = 0; position < pieces.Length;)
        {
            var length = Math.Min((int)(random.NextUInt32() % 3_000), pieces.Length - position);
            stream.Fill(position, pieces.AsSpan(position, length));
            position += length;
        }

        Assert.Equal(whole, pieces);
    }

    [Fact]
    public void Stream_AnyChangedByte_IsFound()
    {
        var stream = new PayloadStream(5);
        var random = new SeededRandomSource(11);
        var bytes = new byte[40_000];
        for (var i = 0; i < 1_000; i++)
        {
            var position = random.NextUInt32() % 100_000;
            var length = 1 + (int)(random.NextUInt32() % bytes.Length);
            stream.Fill(position, bytes.AsSpan(0, length));
            Assert.Equal(-1, stream.FirstDifference(position, bytes.AsSpan(0, length)));

            var wrong = (int)(random.NextUInt32() % length);
            bytes[wrong] ^= (byte)(1 << (int)(random.NextUInt32() % 8));
            Assert.Equal(wrong, stream.FirstDifference(position, bytes.AsSpan(0, length)));
        }
    }

    [Fact]
    public void Stream_ShiftedByAnyLength_DoesNotMatch()
    {
        var stream = new PayloadStream(5);
        var bytes = new byte[1_000];
        for (var shift = 1; shift < 200_000; shift += 97)
        {
            stream.Fill(shift, bytes);
            Assert.InRange(stream.FirstDifference(0, bytes), 0, 40);
        }
    }

    [Fact]
    public void SendQueue_AppendedToAndReleasedFrom_ShowsWhatIsLeft()
    {
        var queue = new SendQueue(SendQueue.DefaultBlockBytes);
        var stream = new PayloadStream(5);
        var random = new SeededRandomSource(13);
        long written = 0, released = 0;
        for (var i = 0; i < 500; i++)
        {
            var count = (int)(random.NextUInt32() % 100_000);
            while (count > 0)
            {
                var room = queue.Reserve(count);
                stream.Fill(written, room);
                queue.Advance(room.Length);
                written += room.Length;
                count -= room.Length;
            }

            var release = random.NextUInt32() % (queue.Length + 1);
            queue.Release(release);
            released += release;

            Assert.Equal(written - released, queue.Length);
            Assert.Equal(-1, stream.FirstDifference(released, queue.Buffered.ToArray()));
        }
    }
}

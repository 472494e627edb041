using CsCheck;
using Utp.Protocol.Receiving;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.Receiving;

public sealed class ReorderBufferTests
{
    [Fact]
    public void AnyArrivals_AgreeWithADictionary() => Gen.Select(Gen.UShort, Gen.Select(Gen.Int[0, 80], Gen.Int[0, 50]).Array[0, 300]).Sample(
        (start, arrivals) =>
        {
            var next = new SequenceNumber(start);
            var buffer = new ReorderBuffer(new SegmentBuffers());
            var model = new Dictionary<SequenceNumber, byte[]>();
            foreach (var (ahead, length) in arrivals)
            {
                if (ahead == 0)
                {
                    // The gap is filled by a packet that is not held; what follows it comes out.
                    next += 1;
                    while (buffer.Contains(next, next))
                    {
                        Assert.True(buffer.TryTake(next, out var bytes, out var taken));
                        Assert.True(model.Remove(next, out var expected));
                        Assert.Equal(expected, bytes[..taken]);
                        next += 1;
                    }
                }
                else if (!buffer.Contains(next, next + ahead))
                {
                    var payload = Enumerable.Range(0, length).Select(i => (byte)(i + ahead)).ToArray();
                    buffer.Add(next, next + ahead, payload);
                    Assert.True(model.TryAdd(next + ahead, payload));
                }

                AssertEqual(buffer, model, next);
            }

            buffer.Clear();
            Assert.Equal((0, 0L), (buffer.Count, buffer.Bytes));
        },
        iter: 150, threads: 1);

    [Fact]
    public void FarthestPacket_IsHeldAndTakenOut()
    {
        var next = new SequenceNumber(60_000);
        var buffer = new ReorderBuffer(new SegmentBuffers());

        buffer.Add(next, next + (ReorderBuffer.MaxAhead - 1), [1, 2]);

        buffer.CheckInvariants(next);
        Assert.True(buffer.TryTake(next + (ReorderBuffer.MaxAhead - 1), out _, out var length));
        Assert.Equal(2, length);
    }

    private static void AssertEqual(ReorderBuffer buffer, Dictionary<SequenceNumber, byte[]> model, SequenceNumber next)
    {
        Assert.Equal((model.Count, model.Values.Sum(v => (long)v.Length)), (buffer.Count, buffer.Bytes));
        for (var ahead = 0; ahead <= 90; ahead++)
        {
            Assert.Equal(model.ContainsKey(next + ahead), buffer.Contains(next, next + ahead));
        }

        buffer.CheckInvariants(next);
        if (model.Count > 0)
        {
            Assert.Equal(next + model.Keys.Max(k => k - next), buffer.Highest);
        }
    }
}

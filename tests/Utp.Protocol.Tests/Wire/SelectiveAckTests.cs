using CsCheck;
using Utp.Protocol.Receiving;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.Wire;

public sealed class SelectiveAckTests
{
    /// <summary>What one side writes, the other reads as the same numbers, wherever the 16 bits wrap.</summary>
    [Fact]
    public void Mask_OfWhatIsHeld_ReadsAsTheSameNumbers() => Gen.Select(Gen.UShort, Gen.Int[1, 600].Array[1, 40]).Sample(
        (value, offsets) =>
        {
            var next = new SequenceNumber(value);
            var held = offsets.Distinct().ToList();
            var buffer = new ReorderBuffer(new SegmentBuffers());
            foreach (var offset in held)
            {
                buffer.Add(next, next + offset, [1]);
            }

            var mask = new byte[SelectiveAck.MaxMaskBytes];
            var length = buffer.WriteMask(next, mask);

            Assert.Equal(0, length % 4);
            Assert.Equal((held.Max() + 31) / 32 * 4, length);
            Assert.Equal(held.Order(), Enumerable.Range(1, length * 8).Where(offset => SelectiveAck.IsSet(mask, offset - 1)));
        },
        iter: 500, threads: 1);

    [Fact]
    public void Mask_OfAGapLongerThanItCanDescribe_IsCutAndMarksTheFirstPart()
    {
        var next = new SequenceNumber(65_000);
        var buffer = new ReorderBuffer(new SegmentBuffers());
        foreach (var offset in new[] { 1, 2_016, 2_017, 10_000 })
        {
            buffer.Add(next, next + offset, [1]);
        }

        var mask = new byte[SelectiveAck.MaxMaskBytes];

        Assert.Equal(252, buffer.WriteMask(next, mask));
        Assert.Equal([0, 2_015], Enumerable.Range(0, 2_016).Where(bit => SelectiveAck.IsSet(mask, bit)));
    }

    [Theory]
    [InlineData(65_530)]
    [InlineData(65_534)]
    [InlineData(0)]
    public void Mask_AcrossTheWrapOfTheSendersNumbers_AcknowledgesWhatItNames(int firstNumber)
    {
        var peer = ScriptedPeer.Dialled(random: new ScriptedRandomSource(7, (uint)firstNumber - 1));
        for (byte i = 0; i < 10; i++)
        {
            peer.Connection.Write([i]);
        }

        var first = peer.Take()[0].Header.Sequence;
        Assert.Equal(firstNumber, first.Value);
        peer.Network.Run(0.02);
        peer.StateHolding(first + 1, first + 4, first + 9);

        Assert.Equal(3, peer.Connection.Core.Statistics.BytesAcknowledged);
        peer.Network.Run(0.05);
        var missing = peer.Take().Where(d => d.Type == PacketType.Data).Select(d => d.Header.Sequence - first);
        Assert.Equal([0, 2, 3, 5, 6, 7, 8], missing);
    }
}

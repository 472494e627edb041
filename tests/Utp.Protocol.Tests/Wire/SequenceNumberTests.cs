using CsCheck;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.Wire;

public sealed class SequenceNumberTests
{
    [Theory]
    [InlineData(0, 65_535, 1)]
    [InlineData(65_535, 0, -1)]
    [InlineData(5, 65_530, 11)]
    [InlineData(32_767, 0, 32_767)]
    [InlineData(32_768, 0, -32_768)]
    [InlineData(7, 7, 0)]
    public void Difference_AcrossTheWrap_IsTheShorterWay(int left, int right, int expected) =>
        Assert.Equal(expected, new SequenceNumber((ushort)left) - new SequenceNumber((ushort)right));

    [Fact]
    public void Order_WithinHalfTheCircle_FollowsTheDistance() => Gen.Select(Gen.UShort, Gen.Int[-32_767, 32_767]).Sample(
        (value, distance) =>
        {
            var from = new SequenceNumber(value);
            var to = from + distance;
            Assert.Equal(distance, to - from);
            Assert.Equal(from, to - distance);
            Assert.Equal(distance > 0, to > from);
            Assert.Equal(distance < 0, to < from);
            Assert.Equal(distance >= 0, to >= from);
            Assert.Equal(distance <= 0, to <= from);
            Assert.Equal((distance + 65_536) % 65_536, from.CountTo(to));
        },
        iter: 5_000, threads: 1);
}

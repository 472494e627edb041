using Utp.Protocol.Receiving;

namespace Utp.Protocol.Tests.Receiving;

public sealed class SegmentBuffersTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1_024)]
    [InlineData(1_025)]
    [InlineData(2_048)]
    [InlineData(9_000)]
    public void Rent_IsLongEnough_AndNotMuchLonger(int length)
    {
        var buffers = new SegmentBuffers();

        var buffer = buffers.Rent(length);

        Assert.InRange(buffer.Length, length, (2 * length) + 14);
        buffers.Return(buffer);
    }

    [Fact]
    public void HundredsOfFullSegments_AreKeptForTheNextGap()
    {
        var buffers = new SegmentBuffers();
        var rented = Enumerable.Range(0, 900).Select(_ => buffers.Rent(1_452)).ToList();
        rented.ForEach(buffers.Return);

        var kept = rented.ToHashSet();
        Assert.All(Enumerable.Range(0, 900), _ => Assert.Contains(buffers.Rent(1_232), kept));
    }

    [Fact]
    public void MoreThanAWindowsWorth_IsLetGo()
    {
        var buffers = new SegmentBuffers();
        var rented = Enumerable.Range(0, 1_500).Select(_ => buffers.Rent(1_452)).ToHashSet();
        foreach (var buffer in rented)
        {
            buffers.Return(buffer);
        }

        Assert.Equal(1_024, Enumerable.Range(0, 1_500).Count(_ => rented.Contains(buffers.Rent(1_452))));
    }
}

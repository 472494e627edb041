namespace Utp.Transport.Tests.Performance;

[Collection(Alone.Name)]
public sealed class BlockPoolTests
{
    [Fact]
    public void Return_ThenRent_GivesTheSameBlock()
    {
        var first = BlockPool.Shared.Rent();
        first.Dispose();
        using var second = BlockPool.Shared.Rent(1);

        Assert.Same(first, second);
        Assert.Equal(BlockPool.BlockBytes, second.Memory.Length);
    }

    [Fact]
    public void Dispose_Twice_ReturnsOnce()
    {
        var block = BlockPool.Shared.Rent();
        block.Dispose();
        var count = BlockPool.Shared.FreeCount;
        block.Dispose();

        Assert.Equal(count, BlockPool.Shared.FreeCount);
    }

    [Fact]
    public void Trim_Twice_LetsGoOfWhatWasNotNeededBetween()
    {
        var blocks = Enumerable.Range(0, 10).Select(_ => BlockPool.Shared.Rent()).ToArray();
        Array.ForEach(blocks, block => block.Dispose());
        BlockPool.Shared.Trim();
        using var needed = BlockPool.Shared.Rent();
        BlockPool.Shared.Trim();

        Assert.Equal(0, BlockPool.Shared.FreeCount);
    }
}

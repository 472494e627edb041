using Utp.Transport.Connections.Pipes;

namespace Utp.Transport.Tests.Performance;

public sealed class BlockPoolTests : IDisposable
{
    private readonly BlockPool _pool = new();

    public void Dispose() => _pool.Dispose();

    [Fact]
    public void Return_ThenRent_GivesTheSameBlock()
    {
        var first = _pool.Rent();
        first.Dispose();
        using var second = _pool.Rent(1);

        Assert.Same(first, second);
        Assert.Equal(BlockPool.BlockBytes, second.Memory.Length);
    }

    [Fact]
    public void Dispose_Twice_ReturnsOnce()
    {
        var block = _pool.Rent();
        block.Dispose();
        var count = _pool.FreeCount;
        block.Dispose();

        Assert.Equal(count, _pool.FreeCount);
    }

    [Fact]
    public void Trim_Twice_LetsGoOfWhatWasNotNeededBetween()
    {
        var blocks = Enumerable.Range(0, 10).Select(_ => _pool.Rent()).ToArray();
        Array.ForEach(blocks, block => block.Dispose());
        _pool.Trim();
        using var needed = _pool.Rent();
        _pool.Trim();

        Assert.Equal(0, _pool.FreeCount);
    }
}

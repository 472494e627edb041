using Utp.Transport.Sockets;

namespace Utp.Transport.Tests.Sockets;

public sealed class BufferShareTests
{
    private const int KiB = 1024;
    private const int MiB = 1024 * 1024;

    [Theory]
    [InlineData(MiB, 0, 1, MiB)]
    [InlineData(MiB, 100, 4, MiB)]
    [InlineData(MiB, 100, 16, 256 * KiB)]
    [InlineData(MiB, 999, 16, 256 * KiB)]
    [InlineData(MiB, 2_000, 16, 512 * KiB)]
    [InlineData(MiB, 100_000, 16, MiB)]
    [InlineData(MiB, 100, 10_000, 128 * KiB)]
    [InlineData(8 * KiB, 100, 10_000, 8 * KiB)]
    [InlineData(1024 * MiB, 600_000_000, 1, 1024 * MiB)]
    public void Of_SharesOverShortPathsAndNeverExceedsTheSendBuffer(int sendBufferSize, long roundTripMicros, int holderCount, int expected) =>
        Assert.Equal(expected, BufferShare.Of(sendBufferSize, roundTripMicros, holderCount));
}

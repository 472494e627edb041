using Utp.Protocol.Tests.Harness;

namespace Utp.Protocol.Tests.Transfer;

/// <summary>A channel that would block keeps its train. That is not loss.</summary>
public sealed class WouldBlockTests
{
    [Theory]
    [InlineData(1_000, 3_000)]
    [InlineData(50_000, 20_000)]
    [InlineData(200_000, 100_000)]
    public void ChannelThatBlocksNowAndThen_LosesNothing(int blockedMicros, int freeMicros)
    {
        var pair = new TestPair();
        var bytes = TestPair.Pattern(1_000_000);
        pair.Initiator.Write(bytes);

        var blocks = 0;
        for (; blocks < 1_000 && pair.Acceptor.ReceivedCount < bytes.Length; blocks++)
        {
            pair.A.IsBlocked = true;
            pair.Network.Run(blockedMicros / 1e6);
            pair.A.IsBlocked = false;
            pair.Network.Run(freeMicros / 1e6);
        }

        Assert.Equal(bytes, pair.Acceptor.Received);
        var statistics = pair.Initiator.Core.Statistics;
        Assert.Equal((0, 0, 0), (statistics.SegmentsLost, statistics.CongestionEvents, statistics.Timeouts));

        // A train kept for longer than two round trips looks like a lost one to the tail probe, once for each time.
        Assert.InRange(statistics.SegmentsRetransmitted, 0, blockedMicros > 2 * 20_000 ? blocks : 0);
    }

    /// <summary>Longer than the timeout: it must fire, and does no harm.</summary>
    [Fact]
    public void ChannelThatBlocksForThreeSeconds_GoesOn()
    {
        var pair = new TestPair();
        var bytes = TestPair.Pattern(500_000);
        pair.Initiator.Write(bytes);
        pair.Network.Run(0.05);

        pair.A.IsBlocked = true;
        pair.Network.Run(3);
        pair.A.IsBlocked = false;

        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < bytes.Length, 10);
        Assert.Equal(bytes, pair.Acceptor.Received);
    }
}

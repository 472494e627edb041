using Utp.Protocol.Tests.Harness;
using Utp.Simulation.Randomness;
using Utp.Transport;

namespace Utp.Protocol.Tests.Transfer;

public sealed class TransferTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(1_200)]
    [InlineData(100_000)]
    [InlineData(3_000_000)]
    public void Transfer_CleanPath_DeliversEveryByteWithoutRetransmission(int length)
    {
        var pair = new TestPair();
        var (there, back) = (TestPair.Pattern(length, 1), TestPair.Pattern(length, 2));
        pair.Initiator.Write(there);
        pair.Acceptor.Write(back);

        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < length || pair.Initiator.ReceivedCount < length);

        Assert.Equal(there, pair.Acceptor.Received);
        Assert.Equal(back, pair.Initiator.Received);
        Assert.Equal(0, pair.Initiator.Core.Statistics.SegmentsRetransmitted);
        Assert.Equal(0, pair.Acceptor.Core.Statistics.SegmentsRetransmitted);
    }

    [Theory]
    [InlineData(1UL)]
    [InlineData(2UL)]
    [InlineData(3UL)]
    [InlineData(4UL)]
    [InlineData(5UL)]
    [InlineData(6UL)]
    public void Transfer_LossReorderingAndDuplication_DeliversEveryByteInOrder(ulong seed)
    {
        const int Length = 400_000;
        var pair = new TestPair(seed: seed);
        var random = new SeededRandomSource(seed * 1_000);
        pair.Network.Rule = _ => random.NextDouble() switch
        {
            < 0.05 => TestNetwork.Drop,
            < 0.08 => [0, 3_000],
            < 0.12 => [8_000],
            _ => TestNetwork.Deliver,
        };
        var (there, back) = (TestPair.Pattern(Length, 1), TestPair.Pattern(Length, 2));
        pair.Initiator.Write(there);
        pair.Acceptor.Write(back);
        pair.Initiator.Finish();
        pair.Acceptor.Finish();

        pair.Network.RunWhile(() => !pair.Initiator.IsReleased || !pair.Acceptor.IsReleased, 300);

        Assert.Equal(there, pair.Acceptor.Received);
        Assert.Equal(back, pair.Initiator.Received);
        Assert.Equal((UtpCloseReason.Graceful, UtpCloseReason.Graceful), (pair.Initiator.Core.CloseReason, pair.Acceptor.Core.CloseReason));
        Assert.Equal(0, pair.A.Core.ConnectionCount + pair.B.Core.ConnectionCount);
    }
}

using Utp.Protocol.Connections;
using Utp.Protocol.Tests.Harness;
using Utp.Transport;

namespace Utp.Protocol.Tests.Congestion;

/// <summary>The congestion controller changes while a transfer runs.</summary>
public sealed class ChangedControllerTests
{
    [Theory]
    [InlineData(UtpCongestionControl.LedbatPlusPlus, UtpCongestionControl.Cubic)]
    [InlineData(UtpCongestionControl.LedbatPlusPlus, UtpCongestionControl.Ledbat)]
    [InlineData(UtpCongestionControl.Ledbat, UtpCongestionControl.LedbatPlusPlus)]
    [InlineData(UtpCongestionControl.Cubic, UtpCongestionControl.LedbatPlusPlus)]
    [InlineData(UtpCongestionControl.Cubic, UtpCongestionControl.Ledbat)]
    public void NewController_StartsFromTheWindowAndTheEstimates(UtpCongestionControl from, UtpCongestionControl to)
    {
        var pair = new TestPair(new ConnectionSettings { CongestionControl = from });
        pair.Initiator.Write(new byte[4_000_000]);
        pair.Network.Run(0.5);
        var before = pair.Initiator.Core.Statistics;

        pair.Initiator.Core.SetCongestionControl(pair.Network.Now, to);
        pair.A.Drain();

        var after = pair.Initiator.Core.Statistics;
        Assert.Equal(to, pair.Initiator.Core.CongestionControl);
        Assert.True(before.CongestionWindowBytes > 20_000, "the test means nothing at the initial window");
        Assert.Equal(before.CongestionWindowBytes, after.CongestionWindowBytes);
        Assert.Equal(before.BaseDelayMicros, after.BaseDelayMicros);
        Assert.Equal(before.QueueingDelayMicros, after.QueueingDelayMicros);
        Assert.Equal(before.SmoothedRoundTripMicros, after.SmoothedRoundTripMicros);
        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < 4_000_000, 120);
        Assert.Equal(0, pair.Initiator.Core.Statistics.SegmentsRetransmitted);
    }

    /// <summary>A cut window is not forgotten: the new controller is past its slow start, and does not double the window again.</summary>
    [Fact]
    public void AfterALoss_TheNewControllerIsNotInSlowStart()
    {
        var pair = new TestPair(new ConnectionSettings { CongestionControl = UtpCongestionControl.Cubic });
        var count = 0;
        pair.Network.Rule = d => d.From == pair.A.Address && ++count == 200 ? TestNetwork.Drop : TestNetwork.Deliver;
        pair.Initiator.Write(new byte[8_000_000]);
        pair.Network.RunWhile(() => pair.Initiator.Core.Statistics.CongestionEvents == 0, 20);
        pair.Network.Run(0.1);
        var before = pair.Initiator.Core.Statistics.CongestionWindowBytes;

        pair.Initiator.Core.SetCongestionControl(pair.Network.Now, UtpCongestionControl.LedbatPlusPlus);
        pair.Network.Run(0.1);

        Assert.InRange(pair.Initiator.Core.Statistics.CongestionWindowBytes, 0.5 * before, 1.3 * before);
    }

    [Fact]
    public void SameAlgorithm_KeepsTheController()
    {
        var pair = new TestPair();
        pair.Initiator.Write(new byte[2_000_000]);
        pair.Network.Run(0.3);
        var before = pair.Initiator.Core.Statistics;

        pair.Initiator.Core.SetCongestionControl(pair.Network.Now, UtpCongestionControl.LedbatPlusPlus);

        Assert.Equal(before, pair.Initiator.Core.Statistics);
    }
}

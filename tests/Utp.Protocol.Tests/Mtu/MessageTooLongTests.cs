using Utp.Protocol.Connections;
using Utp.Protocol.Tests.Harness;
using Utp.Transport;

namespace Utp.Protocol.Tests.Mtu;

public sealed class MessageTooLongTests
{
    [Theory]
    [InlineData(1_400)]
    [InlineData(1_252)]
    [InlineData(1_000)]
    [InlineData(600)]
    public void LinkSmallerThanTheCeiling_IsFoundOut_WithoutLoss(int linkBytes)
    {
        var pair = new TestPair(new ConnectionSettings { MaxFlightBytes = 25_000, MtuCeilingBytes = 1_472 });
        pair.A.LinkLimitBytes = linkBytes;
        var bytes = TestPair.Pattern(300_000);
        pair.Initiator.Write(bytes);

        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < bytes.Length, 20);

        Assert.Equal(bytes, pair.Acceptor.Received);
        var statistics = pair.Initiator.Core.Statistics;
        Assert.Equal((0, 0, 0), (statistics.SegmentsLost, statistics.CongestionEvents, statistics.Timeouts));
        Assert.InRange(statistics.PathMtuBytes, Math.Min(linkBytes - 16, 548), linkBytes);
        Assert.True(pair.A.Core.Statistics.DatagramsTooLong > 0);
    }

    /// <summary>Where the don't-fragment flag cannot be taken off, a refusal of what may be fragmented must not be answered by trying at once.</summary>
    [Fact]
    public void TrainThatMayBeFragmented_RefusedAllTheSame_WaitsForItsTimeout()
    {
        var pair = new TestPair(new ConnectionSettings { MtuCeilingBytes = 1_252 });
        pair.Network.DelayMicros = 500;
        pair.Initiator.Write(TestPair.Pattern(2_000));
        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < 2_000);
        pair.A.LinkLimitBytes = 1_000;
        pair.A.RefusesFragments = true;

        pair.Initiator.Write(TestPair.Pattern(20_000));
        pair.Network.Run(1);

        Assert.InRange(pair.A.Core.Statistics.DatagramsTooLong, 1, 50);
        pair.Network.RunWhile(() => !pair.Initiator.IsReleased, 170);
        Assert.Equal(UtpCloseReason.RetransmissionTimeout, pair.Initiator.Core.CloseReason);
    }

    /// <summary>IPv4 links may be narrower than 576 bytes, and a system may assume such a path: nothing smaller exists, so datagrams are cut.</summary>
    [Theory]
    [InlineData(524)]
    [InlineData(100)]
    public void LinkSmallerThanTheFloor_CutsDatagrams(int linkBytes)
    {
        var pair = new TestPair();
        pair.A.LinkLimitBytes = linkBytes;
        var bytes = TestPair.Pattern(50_000);
        pair.Initiator.Write(bytes);

        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < bytes.Length, 20);

        Assert.Equal(bytes, pair.Acceptor.Received);
        Assert.Equal(0, pair.Initiator.Core.Statistics.SegmentsLost);
    }
}

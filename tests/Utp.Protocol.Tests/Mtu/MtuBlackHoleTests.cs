using Utp.Protocol.Connections;
using Utp.Protocol.Tests.Harness;

namespace Utp.Protocol.Tests.Mtu;

/// <summary>Paths that drop what is too long for them, and report nothing.</summary>
public sealed class MtuBlackHoleTests
{
    /// <summary>1,280 and 1,400 bytes less the headers, from the start: fragments do not pass either.</summary>
    [Theory]
    [InlineData(false, 1_252)]
    [InlineData(false, 1_372)]
    [InlineData(true, 1_232)]
    [InlineData(true, 1_352)]
    public void PathWithoutReportsAndFragments_CarriesEverything_WithoutLoss(bool isIPv6, int pathBytes)
    {
        var pair = new TestPair(new ConnectionSettings { MaxFlightBytes = 30_000 }, isIPv6: isIPv6);
        pair.Network.Rule = d => d.Bytes.Length > pathBytes ? TestNetwork.Drop : TestNetwork.Deliver;
        var bytes = TestPair.Pattern(1_000_000);
        pair.Initiator.Write(bytes);

        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < bytes.Length, 30);

        var statistics = pair.Initiator.Core.Statistics;
        Assert.Equal(bytes, pair.Acceptor.Received);
        Assert.Equal((0, 0, 0), (statistics.SegmentsLost, statistics.Timeouts, statistics.CongestionEvents));
        Assert.Equal(isIPv6 ? 1_232 : 1_252, statistics.PathMtuBytes);
    }

    /// <summary>With a ceiling that the path does not carry, probes are lost and cost nothing: what they carried is sent again in a safe size.</summary>
    [Theory]
    [InlineData(false, 1_252)]
    [InlineData(false, 1_372)]
    [InlineData(true, 1_232)]
    [InlineData(true, 1_352)]
    public void CeilingAboveThePath_WithoutReportsAndFragments_CostsNoTimeout(bool isIPv6, int pathBytes)
    {
        var pair = new TestPair(new ConnectionSettings { MaxFlightBytes = 30_000, MtuCeilingBytes = 1_472 }, isIPv6: isIPv6);
        pair.Network.Rule = d => d.Bytes.Length > pathBytes ? TestNetwork.Drop : TestNetwork.Deliver;
        var bytes = TestPair.Pattern(1_000_000);
        pair.Initiator.Write(bytes);

        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < bytes.Length, 30);

        var statistics = pair.Initiator.Core.Statistics;
        Assert.Equal(bytes, pair.Acceptor.Received);
        Assert.Contains(pair.Network.Sent, d => d.Bytes.Length > pathBytes);
        Assert.DoesNotContain(pair.Network.Sent, d => d.AllowFragmentation);
        Assert.Equal((0, 0, 0), (statistics.SegmentsLost, statistics.Timeouts, statistics.CongestionEvents));
        Assert.InRange(statistics.PathMtuBytes, Math.Max(isIPv6 ? 1_232 : 1_252, pathBytes - 16), pathBytes);
    }

    /// <summary>Linux cuts an IPv6 packet only when it is longer than the interface's MTU; routers never do.</summary>
    [Fact]
    public void IPv6PathThatShrinksInTheMiddle_GetsLargeSegmentsLongEnoughToBeCutByTheSender()
    {
        var pair = new TestPair(new ConnectionSettings { MaxFlightBytes = 30_000, MtuCeilingBytes = 1_452 }, isIPv6: true);
        var bytes = TestPair.Pattern(1_000_000);
        pair.Initiator.Write(bytes);
        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < 300_000, 30);
        Assert.Equal(1_452, pair.Initiator.Core.Statistics.PathMtuBytes);

        pair.Network.Rule = d => d.Bytes.Length > 1_232 && !(d.AllowFragmentation && d.Bytes.Length > 1_452) ? TestNetwork.Drop : TestNetwork.Deliver;
        var shrunkAt = pair.Network.Now;
        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < bytes.Length, 30);

        Assert.Equal(bytes, pair.Acceptor.Received);
        Assert.InRange(pair.Network.Now - shrunkAt, 0, 3_000_000);
    }

    [Theory]
    [InlineData(1_400)]
    [InlineData(1_252)]
    [InlineData(1_000)]
    [InlineData(560)]
    public void PathThatShrinksInTheMiddle_IsNoticed_AndDataMovesWithinThreeSeconds(int pathBytes)
    {
        var pair = new TestPair(new ConnectionSettings { MaxFlightBytes = 30_000, MtuCeilingBytes = 1_472 });
        var bytes = TestPair.Pattern(1_000_000);
        pair.Initiator.Write(bytes);
        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < 400_000);
        Assert.Equal(1_472, pair.Initiator.Core.Statistics.PathMtuBytes);

        pair.Network.Rule = d => d.Bytes.Length > pathBytes && !d.AllowFragmentation ? TestNetwork.Drop : TestNetwork.Deliver;
        var shrunk = pair.Network.Now;
        var received = pair.Acceptor.ReceivedCount;
        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount <= received + 60_000, 3);
        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < bytes.Length, 10);

        Assert.Equal(bytes, pair.Acceptor.Received);
        Assert.InRange(pair.Initiator.Core.Statistics.PathMtuBytes, Math.Min(548, pathBytes), pathBytes);
        Assert.True(pair.Network.Now - shrunk < 6_000_000, $"{pair.Network.Now - shrunk} µs");
    }

    /// <summary>The same from the first packet on: handshake packets are small and tell nothing.</summary>
    [Theory]
    [InlineData(1_000)]
    [InlineData(560)]
    public void PathSmallerThanTheBase_FromTheStart_CarriesData(int pathBytes)
    {
        var pair = new TestPair(connect: false);
        pair.Network.Rule = d => d.Bytes.Length > pathBytes && !d.AllowFragmentation ? TestNetwork.Drop : TestNetwork.Deliver;
        var initiator = pair.A.Connect(pair.B);
        var bytes = TestPair.Pattern(200_000);
        initiator.Write(bytes);

        pair.Network.RunWhile(() => pair.B.Accepted.Count == 0 || pair.B.Accepted[0].ReceivedCount < bytes.Length, 10);

        Assert.Equal(bytes, pair.B.Accepted[0].Received);
    }

    /// <summary>An outage is no statement about the MTU: afterwards it is as large as before, within a few round trips.</summary>
    [Fact]
    public void OutageOfTwoSeconds_LeavesTheMtuAsItWas()
    {
        var pair = new TestPair(new ConnectionSettings { MaxFlightBytes = 30_000, MtuCeilingBytes = 1_472 });
        var bytes = TestPair.Pattern(2_000_000);
        pair.Initiator.Write(bytes);
        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < 400_000);
        var end = pair.Network.Now + 2_000_000;
        pair.Network.Rule = d => d.SentAt < end ? TestNetwork.Drop : TestNetwork.Deliver;
        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < bytes.Length, 20);

        Assert.Equal(bytes, pair.Acceptor.Received);
        Assert.Equal(1_472, pair.Initiator.Core.Statistics.PathMtuBytes);
    }
}

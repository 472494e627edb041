using Utp.Protocol.Connections;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.Mtu;

/// <summary>A path MTU probe that vanishes says nothing of congestion, and its bytes are sent again in a datagram of safe size.</summary>
[Trait("Pitfall", "23")]
public sealed class ProbeLossIsNotCongestionTests
{
    private const int PathBytes = 1_300;

    [Fact]
    public void LostProbe_CutsNoWindowAndCountsNoLoss_AndIsSentAgainWithoutItsPadding()
    {
        var pair = new TestPair(new ConnectionSettings { MaxFlightBytes = 25_000, MtuCeilingBytes = 1_472 });
        pair.Network.Rule = d => d.Bytes.Length > PathBytes ? TestNetwork.Drop : TestNetwork.Deliver;
        var bytes = TestPair.Pattern(1_000_000);
        pair.Initiator.Write(bytes);
        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < bytes.Length);

        var statistics = pair.Initiator.Core.Statistics;
        var probes = pair.Network.Sent.Where(d => d.Bytes.Length > PathBytes).ToList();
        Assert.NotEmpty(probes);
        Assert.Equal((0, 0, 0), (statistics.SegmentsLost, statistics.CongestionEvents, statistics.Timeouts));
        Assert.Equal(bytes, pair.Acceptor.Received);
        Assert.InRange(statistics.PathMtuBytes, PathBytes - 16, PathBytes);
        foreach (var lost in probes)
        {
            // 1,252 bytes are what every path carries; what the search has found since may be more.
            Assert.InRange(lost.PayloadLength + PacketHeader.Size, 1_200, PathBytes);
            Assert.Contains(pair.Network.Sent, d => d.Header.Sequence == lost.Header.Sequence && d.Bytes.Length == PacketHeader.Size + lost.PayloadLength);
        }
    }
}

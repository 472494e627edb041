using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.Pitfalls;

/// <summary>A path MTU probe that vanishes says nothing of congestion, and its bytes must be able to pass in fragments.</summary>
public sealed class Pitfall23_ProbeLossIsNotCongestion
{
    private const int PathBytes = 1_300;

    [Fact]
    public void LostProbe_CutsNoWindowAndCountsNoLoss_AndIsSentAgainWithFragmentationAllowed()
    {
        var pair = new TestPair(new ConnectionSettings { MaxFlightBytes = 25_000 });
        pair.Network.Rule = d => d.Bytes.Length > PathBytes && !d.AllowFragmentation ? TestNetwork.Drop : TestNetwork.Deliver;
        var bytes = TestPair.Pattern(1_000_000);
        pair.Initiator.Write(bytes);
        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < bytes.Length);

        var statistics = pair.Initiator.Core.Statistics;
        var probes = pair.Network.Sent.Where(d => d.Bytes.Length > PathBytes).ToList();
        Assert.Contains(probes, d => !d.AllowFragmentation);
        Assert.Equal((0, 0, 0), (statistics.SegmentsLost, statistics.CongestionEvents, statistics.Timeouts));
        Assert.Equal(bytes, pair.Acceptor.Received);
        Assert.InRange(statistics.PathMtuBytes, PathBytes - 16, PathBytes);
        foreach (var lost in probes.Where(d => !d.AllowFragmentation))
        {
            Assert.Contains(probes, d => d.AllowFragmentation && d.Header.Sequence == lost.Header.Sequence && d.Bytes.Length == lost.Bytes.Length);
        }
    }
}

using Utp.Protocol.Connections;
using Utp.Protocol.Tests.Harness;

namespace Utp.Protocol.Tests.Mtu;

/// <summary>
/// An acknowledgement of a segment that was sent twice does not say which copy arrived. On a path whose round trip is much shorter than a pause
/// of the receiving process, a tail probe repeats what only waits, and the original is acknowledged soon afterwards.
/// </summary>
public sealed class AmbiguousProbeTests
{
    private const int SegmentBytes = 1_232;

    /// <summary>In one direction: a path inside one machine.</summary>
    private const int DelayMicros = 20;

    [Theory]
    [InlineData(15_000)]
    [InlineData(30_000)]
    [InlineData(100_000)]
    public void Receiver_PausesForLongerThanTheTailProbe_NothingIsMarkedLost(int pauseMicros)
    {
        var pair = Warm();
        var pauseEnd = pair.Network.Now + pauseMicros;
        var position = 0;

        // The receiver works through its socket's queue one datagram after the other, and answers as it goes.
        pair.Network.Rule = d => d.From == pair.A.Address && d.SentAt < pauseEnd ? [pauseEnd - d.SentAt + (position++ * 10)] : TestNetwork.Deliver;
        pair.Initiator.Write(TestPair.Pattern(20 * SegmentBytes));
        pair.Network.Run(1);

        var statistics = pair.Initiator.Core.Statistics;
        Assert.Equal((0, 0), (statistics.Timeouts, statistics.SegmentsLost));
        Assert.Equal((1, 1), (statistics.SegmentsRetransmitted, statistics.SpuriousRetransmissions));
        Assert.Equal(0, statistics.CongestionEvents);
    }

    /// <summary>The acknowledgements wait in the sender's own socket while its process pauses; its timers run first.</summary>
    [Fact]
    public void Acknowledgements_ComeJustAfterTheTailProbe_NothingIsMarkedLost()
    {
        var pair = Warm();
        var pauseEnd = pair.Network.Now + 30_000;
        var (sent, answered) = (0, 0);
        pair.Network.Rule = d => d.From == pair.A.Address ? [sent++ * 10]
            : d.SentAt < pauseEnd ? [pauseEnd - d.SentAt + (answered++ * 10)]
            : TestNetwork.Deliver;

        pair.Initiator.Write(TestPair.Pattern(20 * SegmentBytes));
        pair.Network.Run(1);

        var statistics = pair.Initiator.Core.Statistics;
        Assert.Equal((0, 0, 1), (statistics.Timeouts, statistics.SegmentsLost, statistics.SegmentsRetransmitted));
    }

    /// <summary>The other side of it: where the original was lost, the answer to the tail probe still tells which segments are.</summary>
    [Fact]
    public void Flight_LostWhole_TheAnswerToTheTailProbeStillMarksTheRest()
    {
        var pair = Warm();
        var sentAt = pair.Network.Now;
        pair.Network.Rule = d => d.From == pair.A.Address && d.SentAt == sentAt ? TestNetwork.Drop : TestNetwork.Deliver;

        pair.Initiator.Write(TestPair.Pattern(20 * SegmentBytes));
        pair.Network.RunWhile(() => pair.Initiator.Core.Statistics.FlightBytes > 0 || pair.Network.Now == sentAt);

        var statistics = pair.Initiator.Core.Statistics;
        Assert.Equal((0, 0), (statistics.Timeouts, statistics.SpuriousRetransmissions));
        Assert.True(pair.Network.Now - sentAt < 100_000, $"{pair.Network.Now - sentAt} µs");
    }

    /// <summary>A connection that has measured its round trip and has a window of at least 40 segments.</summary>
    private static TestPair Warm()
    {
        var pair = new TestPair(new ConnectionSettings { MtuCeilingBytes = SegmentBytes + 20 }, delayMicros: DelayMicros);
        while (pair.Initiator.Core.Statistics.CongestionWindowBytes < 40 * SegmentBytes)
        {
            pair.Initiator.Write(TestPair.Pattern(100_000));
            pair.Network.Run(0.1);
        }

        Assert.Equal(0, pair.Initiator.Core.Statistics.SegmentsRetransmitted);
        return pair;
    }
}

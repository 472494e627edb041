using Utp.Protocol.Connections;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;
using Utp.Simulation.Randomness;

namespace Utp.Protocol.Tests.LossRecovery;

/// <summary>What a loss costs, and what is not one. The round trip is 20 ms, the smallest timeout 500 ms.</summary>
public sealed class LossRecoveryTests
{
    private const int SegmentBytes = 1_232;

    private const int WarmWindowSegments = 64;

    /// <summary>Every segment of a burst in turn, the last one and the first one included.</summary>
    [Fact]
    public void AnySingleSegmentLost_IsRecoveredWithoutATimeout()
    {
        for (var index = 0; index < 20; index++)
        {
            var pair = Warm();
            var elapsed = Transfer(pair, 20 * SegmentBytes, (i, _) => i == index);

            var statistics = pair.Initiator.Core.Statistics;
            Assert.Equal(0, statistics.Timeouts);
            Assert.InRange(statistics.SegmentsRetransmitted, 1, 2);
            Assert.True(elapsed < 300_000, $"{elapsed} µs with segment {index} lost");
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public void Tail_OfSeveralSegmentsLost_IsRecoveredWithoutATimeout(int count)
    {
        var pair = Warm();

        var elapsed = Transfer(pair, 20 * SegmentBytes, (i, _) => i >= 20 - count && i < 20);

        Assert.Equal(0, pair.Initiator.Core.Statistics.Timeouts);
        Assert.True(elapsed < 400_000, $"{elapsed} µs");
    }

    [Fact]
    public void LoneSegmentLost_IsRecoveredWithoutATimeout()
    {
        var pair = Warm();

        var elapsed = Transfer(pair, 100, (i, _) => i == 0);

        Assert.Equal(0, pair.Initiator.Core.Statistics.Timeouts);
        Assert.True(elapsed < 200_000, $"{elapsed} µs");
    }

    /// <summary>RACK's reason to exist: without it a retransmission that is lost as well waits for the timeout.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void RetransmissionLostToo_IsRecoveredWithoutATimeout_WhileDataFlows(int losses)
    {
        var pair = Warm();
        var lost = 0;
        SequenceNumber? victim = null;

        Transfer(
            pair,
            200 * SegmentBytes,
            (i, d) =>
            {
                victim ??= i == 5 ? d.Header.Sequence : null;
                return d.Header.Sequence == victim && lost++ < losses;
            });

        Assert.Equal(losses, lost - 1);
        Assert.Equal(0, pair.Initiator.Core.Statistics.Timeouts);
    }

    [Fact]
    public void EverySecondSegmentOfAFlightLost_CutsTheWindowOnce()
    {
        var pair = Warm();

        Transfer(pair, 40 * SegmentBytes, (i, _) => i is >= 10 and < 20 && i % 2 == 0);

        Assert.Equal((0, 1), (pair.Initiator.Core.Statistics.Timeouts, pair.Initiator.Core.Statistics.CongestionEvents));
    }

    [Fact]
    public void Reordering_WithinAQuarterOfTheRoundTrip_RetransmitsNothing()
    {
        var pair = Warm();
        var random = new SeededRandomSource(4);

        // Data only: an acknowledgement that is late as well would add up to more than a quarter.
        pair.Network.Rule = d => d.Type == PacketType.Data && random.NextDouble() < 0.2 ? [4_500] : TestNetwork.Deliver;

        Run(pair, 300_000);

        Assert.Equal((0, 0, 0), Losses(pair));
    }

    /// <summary>A path that reorders by more is learnt: the first mistakes widen the tolerance, and the window is given back.</summary>
    [Fact]
    public void Reordering_BeyondTheTolerance_IsLearntAndNotPunished()
    {
        var pair = Warm();
        var random = new SeededRandomSource(4);
        pair.Network.Rule = d => d.Type == PacketType.Data && random.NextDouble() < 0.05 ? [12_000] : TestNetwork.Deliver;

        Run(pair, 2_000_000);
        var early = pair.Initiator.Core.Statistics;
        Run(pair, 2_000_000);
        var late = pair.Initiator.Core.Statistics;

        Assert.Equal(0, late.Timeouts);
        Assert.InRange(early.SegmentsRetransmitted, 1, 80);
        Assert.True(late.SegmentsRetransmitted - early.SegmentsRetransmitted <= early.SegmentsRetransmitted / 2 + 5,
            $"{early.SegmentsRetransmitted}, then {late.SegmentsRetransmitted}");
        Assert.True(late.CongestionWindowBytes > 50_000, $"{late.CongestionWindowBytes}");
    }

    [Fact]
    public void Duplication_OfEveryDatagram_RetransmitsNothing()
    {
        var pair = Warm();
        pair.Network.Rule = _ => [0, 2_000];

        Run(pair, 300_000);

        Assert.Equal((0, 0, 0), Losses(pair));
        Assert.True(pair.Acceptor.Core.Statistics.DuplicateSegmentsReceived > 200);
    }

    /// <summary>
    /// Acknowledgements are cumulative: losing most of them costs nothing while some come through. The round trip is long enough for pacing to
    /// spread a flight, and so its acknowledgements.
    /// </summary>
    [Fact]
    public void MostAcknowledgementsLost_IsTakenForNoLoss()
    {
        var pair = Warm(delayMicros: 50_000);
        var random = new SeededRandomSource(4);
        pair.Network.Rule = d => d.Type == PacketType.State && random.NextDouble() < 0.7 ? TestNetwork.Drop : TestNetwork.Deliver;

        var end = pair.Acceptor.ReceivedCount + 1_000_000;
        pair.Initiator.Write(TestPair.Pattern(1_000_000));
        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < end);

        // The acknowledgement of the very last segment is another matter: nothing comes after it.
        // A tail probe or two while silence lasted longer than two round trips is what probes are for.
        Assert.Equal((0, 0), (Losses(pair).Lost, Losses(pair).Timeouts));
        Assert.InRange(Losses(pair).Retransmitted, 0, 3);
    }

    /// <summary>
    /// What fills a gap also acknowledges what had waited behind it; that wait is no round trip, and the burst of progress no reason to
    /// grow.
    /// </summary>
    [Fact]
    public void Timeout_WhoseFlightHadArrived_LeavesTheRoundTripAndTheThresholdAlone()
    {
        var pair = Warm();
        var silenceEnd = pair.Network.Now + 1_200_000;
        pair.Network.Rule = d => d.Type == PacketType.State && d.SentAt < silenceEnd ? TestNetwork.Drop : TestNetwork.Deliver;
        var window = pair.Initiator.Core.Statistics.CongestionWindowBytes;
        var end = pair.Acceptor.ReceivedCount + 200_000;
        pair.Initiator.Write(TestPair.Pattern(200_000));
        pair.Network.RunWhile(() => pair.Initiator.Core.Statistics.Timeouts < 2);

        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < end);

        var statistics = pair.Initiator.Core.Statistics;
        Assert.InRange(statistics.SmoothedRoundTripMicros, 19_000, 60_000);
        Assert.InRange(statistics.CongestionWindowBytes, SegmentBytes, (window / 2) + (4 * SegmentBytes));
    }

    /// <summary>A path that falls silent for two seconds and then delivers everything it held.</summary>
    [Fact]
    public void DelaySpike_LosesNothing_AndTheTransferGoesOn()
    {
        var pair = Warm();
        var before = (int)pair.Acceptor.ReceivedCount;
        var bytes = TestPair.Pattern(4_000_000);
        pair.Initiator.Write(bytes);
        pair.Network.Run(0.06);
        var spikeEnd = pair.Network.Now + 2_000_000;
        pair.Network.Rule = d => d.SentAt < spikeEnd ? [spikeEnd - d.SentAt] : TestNetwork.Deliver;
        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < before + bytes.Length, 20);

        Assert.Equal(bytes, pair.Acceptor.Received[before..]);
        Assert.InRange(pair.Initiator.Core.Statistics.Timeouts, 1, 3);
        Assert.True(pair.Network.Now - spikeEnd < 2_000_000);
    }

    /// <summary>A connection past its slow start's first steps, so that a burst leaves as one flight.</summary>
    private static TestPair Warm(long? delayMicros = null)
    {
        var pair = new TestPair(new ConnectionSettings { MtuCeilingBytes = SegmentBytes + 20 }, delayMicros: delayMicros);
        while (pair.Initiator.Core.Statistics.CongestionWindowBytes < WarmWindowSegments * SegmentBytes)
        {
            var sent = pair.Acceptor.ReceivedCount + 100_000;
            pair.Initiator.Write(TestPair.Pattern(100_000));
            pair.Network.RunWhile(() => pair.Initiator.Core.Statistics.BytesAcknowledged < sent);
        }

        return pair;
    }

    /// <summary>Sends bytes and drops what the rule says of each DATA packet by its index; returns how long it took.</summary>
    private static long Transfer(TestPair pair, int length, Func<int, TestDatagram, bool> isLost)
    {
        var index = 0;
        pair.Network.Rule = d => d.Type == PacketType.Data && isLost(index++, d) ? TestNetwork.Drop : TestNetwork.Deliver;
        return Run(pair, length);
    }

    private static long Run(TestPair pair, int length)
    {
        var start = pair.Network.Now;
        var before = pair.Acceptor.ReceivedCount;
        var bytes = TestPair.Pattern(length, 3);
        pair.Initiator.Write(bytes);
        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < before + length);
        var elapsed = pair.Network.Now - start;
        pair.Network.RunWhile(() => pair.Initiator.Core.Statistics.FlightBytes > 0);
        Assert.Equal(bytes, pair.Acceptor.Received[(int)before..]);
        return elapsed;
    }

    private static (long Lost, long Retransmitted, long Timeouts) Losses(TestPair pair)
    {
        var statistics = pair.Initiator.Core.Statistics;
        return (statistics.SegmentsLost, statistics.SegmentsRetransmitted, statistics.Timeouts);
    }
}

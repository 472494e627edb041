using Utp.Protocol.Connections;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;
using Utp.Simulation.Randomness;
using Utp.Transport;

namespace Utp.Protocol.Tests.Transfer;

/// <summary>Numbers have 16 bits and timestamps 32: both wrap in the middle of things.</summary>
public sealed class NumberWrapTests
{
    [Theory]
    [InlineData(0xFFF0, 0xFFF8)]
    [InlineData(0xFFFF, 0xFFFF)]
    [InlineData(0x7FF0, 0x7FF8)]
    [InlineData(0xFFFE, 0x0000)]
    public void Transfer_WithLoss_AcrossTheWrapOfBothSidesNumbers_IsIntact(int initiatorNumber, int acceptorNumber)
    {
        var (network, a, b) = Hosts((uint)initiatorNumber, (uint)acceptorNumber);
        var random = new SeededRandomSource(3);
        network.Rule = _ => random.NextDouble() < 0.05 ? TestNetwork.Drop : TestNetwork.Deliver;
        var initiator = a.Connect(b);
        var (there, back) = (TestPair.Pattern(60_000, 1), TestPair.Pattern(60_000, 2));
        initiator.Write(there);
        initiator.Finish();
        network.RunWhile(() => b.Accepted.Count == 0);
        b.Accepted[0].Write(back);
        b.Accepted[0].Finish();

        network.RunWhile(() => a.Core.ConnectionCount + b.Core.ConnectionCount > 0);

        Assert.Equal(there, b.Accepted[0].Received);
        Assert.Equal(back, initiator.Received);
        Assert.Equal((UtpCloseReason.Graceful, UtpCloseReason.Graceful), (initiator.Core.CloseReason, b.Accepted[0].Core.CloseReason));
    }

    /// <summary>The FIN's number, one before and one after it, at every place around the wrap.</summary>
    [Fact]
    public void Fin_AtEveryNumberAroundTheWrap_IsReachedAndAcknowledged()
    {
        for (var first = 0xFFF8; first <= 0x10004; first++)
        {
            var (network, a, b) = Hosts(unchecked((ushort)first), unchecked((ushort)(first + 1)));
            var initiator = a.Connect(b);
            network.RunWhile(() => b.Accepted.Count == 0);
            initiator.Write([1, 2, 3]);
            b.Accepted[0].Write([4]);
            initiator.Finish();
            b.Accepted[0].Finish();

            network.RunWhile(() => a.Core.ConnectionCount + b.Core.ConnectionCount > 0);

            Assert.Equal([1, 2, 3], b.Accepted[0].Received);
            Assert.Equal([4], initiator.Received);
            Assert.Equal((UtpCloseReason.Graceful, UtpCloseReason.Graceful), (initiator.Core.CloseReason, b.Accepted[0].Core.CloseReason));
        }
    }

    /// <summary>More than the whole circle of numbers, so that whatever remembers an old one meets it again.</summary>
    [Fact]
    public void Transfer_OfMoreThan65536Segments_IsIntact()
    {
        const int SegmentBytes = 8;
        var pair = new TestPair(new ConnectionSettings { MtuCeilingBytes = PacketHeader.Size + SegmentBytes, MaxFlightBytes = 400 });
        var random = new SeededRandomSource(17);
        pair.Network.DelayMicros = 1_000;
        pair.Network.Rule = d => d.Type == PacketType.Data && random.NextDouble() < 0.002 ? TestNetwork.Drop : TestNetwork.Deliver;
        var bytes = TestPair.Pattern(SegmentBytes * 66_500);
        pair.Initiator.Write(bytes);

        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < bytes.Length, 600);

        Assert.Equal(bytes, pair.Acceptor.Received);
        Assert.True(pair.Initiator.Core.Statistics.SegmentsSent > 66_000);
        Assert.Equal(0, pair.Initiator.Core.Statistics.Timeouts);
    }

    /// <summary>The clock of the initiator, and with it that of both, passes 2^32 µs after handshake, in the transfer, or at the close.</summary>
    [Theory]
    [InlineData(5_000)]
    [InlineData(60_000)]
    [InlineData(150_000)]
    [InlineData(400_000)]
    public void Transfer_AcrossTheWrapOfTheClock_KeepsItsMeasurements(int microsBefore)
    {
        var pair = new TestPair(start: new Instant((1L << 32) - microsBefore));
        var bytes = TestPair.Pattern(1_000_000);
        pair.Initiator.Write(bytes);
        pair.Acceptor.Write(bytes);
        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < bytes.Length || pair.Initiator.ReceivedCount < bytes.Length);

        Assert.True(pair.Network.Now > new Instant((1L << 32) - microsBefore + 100_000));
        Assert.Equal(bytes, pair.Acceptor.Received);
        foreach (var statistics in new[] { pair.Initiator.Core.Statistics, pair.Acceptor.Core.Statistics })
        {
            Assert.Equal((0, 0), (statistics.SegmentsRetransmitted, statistics.Timeouts));
            Assert.InRange(statistics.QueueingDelayMicros, 0, 5_000);
            Assert.InRange(statistics.SmoothedRoundTripMicros, 20_000, 26_000);
        }
    }

    private static (TestNetwork Network, TestHost A, TestHost B) Hosts(uint initiatorNumber, uint acceptorNumber)
    {
        var network = new TestNetwork();
        var a = network.AddHost(new ScriptedRandomSource(300, initiatorNumber));
        var b = network.AddHost(new ScriptedRandomSource(acceptorNumber));
        b.Core.IsListening = true;
        return (network, a, b);
    }
}

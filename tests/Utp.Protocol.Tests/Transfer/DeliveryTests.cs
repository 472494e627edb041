using Utp.Protocol.Connections;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;
using Utp.Simulation.Randomness;

namespace Utp.Protocol.Tests.Transfer;

public sealed class DeliveryTests
{
    [Fact]
    public void OutOfOrderSegments_AreEachAcknowledged_AndDeliveredInOrder()
    {
        var peer = ScriptedPeer.Dialled();
        var first = peer.Next;
        foreach (var offset in new[] { 3, 1, 4, 2 })
        {
            peer.DataAt(first + offset, (byte)offset);
            Assert.Equal((PacketType.State, first - 1), (peer.TakeOne().Type, peer.Network.Sent[^1].Header.Acknowledgement));
        }

        Assert.Equal(0, peer.Connection.ReceivedCount);
        peer.DataAt(first, 0);

        Assert.Equal([0, 1, 2, 3, 4], peer.Connection.Received);
        Assert.Equal(first + 4, peer.TakeOne().Header.Acknowledgement);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void DuplicateSegment_InOrderOrHeld_IsDroppedAndAcknowledgedAtOnce(int offset)
    {
        var peer = ScriptedPeer.Dialled();
        var first = peer.Next;
        peer.DataAt(first + offset, 7);
        peer.Network.Run(0.1);
        peer.Take();

        peer.DataAt(first + offset, 7);

        Assert.Equal(PacketType.State, peer.TakeOne().Type);
        Assert.Equal(1, peer.Connection.Core.Statistics.DuplicateSegmentsReceived);
        Assert.Equal(offset == 0 ? [7] : [], peer.Connection.Received);
    }

    [Theory]
    [InlineData(16_384)]
    [InlineData(30_000)]
    [InlineData(-16_385)]
    [InlineData(-30_000)]
    public void SegmentFarOutside_IsCountedAndNotAnswered(int offset)
    {
        var peer = ScriptedPeer.Dialled();

        peer.DataAt(peer.Next + offset, 1);

        Assert.Empty(peer.Take());
        Assert.Equal(1, peer.Host.Core.Statistics.DatagramsImplausible);
    }

    /// <summary>Reordered bytes count in the window: a peer that ignores it cannot make us hold more.</summary>
    [Fact]
    public void ReorderedSegments_BeyondTheWindow_AreDropped()
    {
        var peer = ScriptedPeer.Dialled(new ConnectionSettings { ReceiveBufferBytes = 10_000 });
        var first = peer.Next;
        for (var offset = 1; offset <= 20; offset++)
        {
            peer.DataAt(first + offset, TestPair.Pattern(1_000, offset));
        }

        peer.DataAt(first, TestPair.Pattern(1_000, 0));

        Assert.Equal(11_000, peer.Connection.ReceivedCount);
        Assert.Equal(first + 10, peer.Network.Sent[^1].Header.Acknowledgement);
    }

    [Theory]
    [InlineData(0.05, 500_000)]
    [InlineData(0.20, 100_000)]
    public void RandomLossBothWays_DeliversEverything(double loss, int length)
    {
        var pair = new TestPair();
        var random = new SeededRandomSource(20);
        pair.Network.Rule = _ => random.NextDouble() < loss ? TestNetwork.Drop : TestNetwork.Deliver;
        pair.Initiator.Write(TestPair.Pattern(length, 1));
        pair.Acceptor.Write(TestPair.Pattern(length, 2));

        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < length || pair.Initiator.ReceivedCount < length, 600);

        Assert.Equal(TestPair.Pattern(length, 1), pair.Acceptor.Received);
        Assert.Equal(TestPair.Pattern(length, 2), pair.Initiator.Received);
    }

    /// <summary>One round trip per exchange: nothing waits for a delayed acknowledgement.</summary>
    [Fact]
    public void PingPong_TakesOneRoundTripEach()
    {
        var pair = new TestPair();
        var start = pair.Network.Now;
        for (var i = 1; i <= 50; i++)
        {
            pair.Initiator.Write([1]);
            pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < i);
            pair.Acceptor.Write([2]);
            pair.Network.RunWhile(() => pair.Initiator.ReceivedCount < i);
        }

        Assert.Equal(50 * 20_000, pair.Network.Now - start);
    }

    [Fact]
    public void BothEndsWriteFirst_BothAreHeard()
    {
        var pair = new TestPair(connect: false);
        var initiator = pair.A.Connect(pair.B);
        initiator.Write([1]);
        pair.Network.RunWhile(() => pair.B.Accepted.Count == 0);
        pair.B.Accepted[0].Write([2]);

        pair.Network.RunWhile(() => initiator.ReceivedCount == 0 || pair.B.Accepted[0].ReceivedCount == 0);

        Assert.Equal([1], pair.B.Accepted[0].Received);
        Assert.Equal([2], initiator.Received);
    }

    [Fact]
    public void Echo_OfABigMessage_ComesBackIntact()
    {
        var pair = new TestPair();
        var message = TestPair.Pattern(1_000_000);
        pair.Initiator.Write(message);
        var echoed = 0;
        pair.Network.RunWhile(() =>
        {
            if (pair.Acceptor.ReceivedCount > echoed)
            {
                pair.Acceptor.Write(pair.Acceptor.Received.AsSpan(echoed));
                echoed = (int)pair.Acceptor.ReceivedCount;
            }

            return pair.Initiator.ReceivedCount < message.Length;
        });

        Assert.Equal(message, pair.Initiator.Received);
    }

    /// <summary>Ethereum's uTP once broke here: acceptor's data before the initiator knows that it is connected.</summary>
    [Fact]
    public void SynAckLost_DataOfBothSidesIsValid()
    {
        var pair = new TestPair(connect: false);
        pair.Network.Rule = d => d.SentAt < new Instant(1_900_000) && d.From == pair.B.Address ? TestNetwork.Drop : TestNetwork.Deliver;
        var initiator = pair.A.Connect(pair.B);
        initiator.Write(TestPair.Pattern(5_000, 1));
        pair.Network.RunWhile(() => pair.B.Accepted.Count == 0);
        pair.B.Accepted[0].Write(TestPair.Pattern(5_000, 2));

        pair.Network.RunWhile(() => initiator.ReceivedCount < 5_000 || pair.B.Accepted[0].ReceivedCount < 5_000);

        Assert.Equal(TestPair.Pattern(5_000, 1), pair.B.Accepted[0].Received);
        Assert.Equal(TestPair.Pattern(5_000, 2), initiator.Received);
        Assert.Single(pair.B.Accepted);
    }
}

using Utp.Protocol.Connections;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.LossRecovery;

/// <summary>The acceptor has no round trip sample yet, so that its first timeout is one second and no tail probe comes before it.</summary>
public sealed class RetransmissionTimerTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(1_232)]
    public void SegmentWithoutAnswer_IsSentAgainAfterTheTimeout_AsItWas(int length)
    {
        var peer = ScriptedPeer.Dialling();
        peer.Connection.Write(TestPair.Pattern(length));
        var first = peer.TakeOne();

        peer.Network.Run(0.999);
        Assert.Empty(peer.Take());
        peer.Network.Run(0.002);

        var second = peer.TakeOne();
        Assert.Equal((first.Type, first.Header.Sequence, first.SentAt + 1_000_000), (second.Type, second.Header.Sequence, second.SentAt));
        Assert.Equal(first.Bytes[PacketHeader.Size..], second.Bytes[PacketHeader.Size..]);
    }

    [Fact]
    public void NewSegments_DoNotPostponeIt()
    {
        var peer = ScriptedPeer.Dialling();
        peer.Connection.Write([1]);
        var first = peer.TakeOne();
        peer.Network.Run(0.9);
        peer.Connection.Write([2]);

        peer.Network.Run(0.11);

        Assert.Contains(peer.Take(), d => d.Header.Sequence == first.Header.Sequence && d.SentAt == first.SentAt + 1_000_000);
    }

    /// <summary>libtorrent restarts its timer on any packet: steady data from the peer can postpone a retransmission for ever.</summary>
    [Fact]
    public void SteadyDataFromThePeer_WithoutProgress_DoesNotPostponeIt()
    {
        var peer = ScriptedPeer.Dialling();
        peer.Connection.Write([1]);
        var first = peer.TakeOne();
        for (var i = 0; i < 100; i++)
        {
            peer.Data(5);
            peer.Network.Run(0.01);
        }

        peer.Network.Run(0.001);

        Assert.Contains(peer.Take(), d => d.Type == PacketType.Data && d.Header.Sequence == first.Header.Sequence);
    }

    [Fact]
    public void Acknowledgement_RestartsIt_ForWhatIsLeft()
    {
        var peer = ScriptedPeer.Dialling();
        peer.Connection.Write([1]);
        peer.Connection.Write([2]);
        var sent = peer.Take();
        peer.Network.Run(0.6);
        peer.State(sent[0].Header.Sequence);
        var acknowledged = peer.Network.Now;
        peer.Network.RunWhile(() => peer.Connection.Core.Statistics.Timeouts == 0, 10);

        Assert.Equal(peer.Connection.Core.Statistics.RetransmissionTimeoutMicros / 2, peer.Network.Now - acknowledged);
    }

    [Fact]
    public void EverythingAcknowledged_ItIsIdle()
    {
        var peer = ScriptedPeer.Dialling(new ConnectionSettings { KeepAliveMicros = 0 });
        peer.Connection.Write([1]);
        peer.AcknowledgeAll();
        peer.Take();

        peer.Network.Run(20);

        Assert.Empty(peer.Take());
        Assert.Equal(0, peer.Connection.Core.Statistics.Timeouts);
    }

    [Fact]
    public void Progress_EndsTheBackOff()
    {
        var peer = ScriptedPeer.Dialling();
        peer.Connection.Write([1]);
        peer.Network.Run(8);
        Assert.True(peer.Connection.Core.Statistics.RetransmissionTimeoutMicros >= 8_000_000);

        peer.State(peer.Take()[^1].Header.Sequence);
        peer.Connection.Write([2]);

        Assert.InRange(peer.Connection.Core.Statistics.RetransmissionTimeoutMicros, 500_000, 1_000_000);
    }

    /// <summary>Karn's rule: the answer to a segment sent twice says nothing of the round trip.</summary>
    [Fact]
    public void AnswerToARetransmission_IsNoRoundTripSample()
    {
        var peer = ScriptedPeer.Dialling();
        peer.Connection.Write([1]);
        peer.Network.Run(1.5);

        peer.State(peer.Take()[^1].Header.Sequence);

        Assert.Equal(0, peer.Connection.Core.Statistics.SmoothedRoundTripMicros);
    }

    /// <summary>The timestamps of both directions add up to a round trip that no retransmission makes ambiguous.</summary>
    [Fact]
    public void AnswerToARetransmission_WithTimestamps_IsASample()
    {
        var pair = new TestPair(delayMicros: 10_000);
        var lost = false;
        pair.Network.DelayMicros = 5_000;
        pair.Network.Rule = d => d.To != pair.B.Address || lost ? TestNetwork.Deliver : TestNetwork.Drop;
        pair.Initiator.Write([1]);
        lost = true;
        pair.Network.Run(1);

        Assert.Equal(1, pair.Acceptor.ReceivedCount);
        Assert.InRange(pair.Initiator.Core.MinRoundTripMicros, 9_990, 10_010);
        Assert.InRange(pair.Initiator.Core.Statistics.SmoothedRoundTripMicros, 10_000, 19_000);
    }

    /// <summary>So its first answer needs no initial timeout of a second when it is lost.</summary>
    [Fact]
    public void RoundTrip_OnTheSideThatAccepts_IsKnownAfterTheHandshake()
    {
        var pair = new TestPair(delayMicros: 30_000);

        Assert.InRange(pair.Acceptor.Core.Statistics.SmoothedRoundTripMicros, 60_000, 60_010);
    }

    [Fact]
    public void Timeout_TakesTheWholeFlightForLost_AndSendsOneFirst()
    {
        var peer = ScriptedPeer.Dialling();
        peer.Connection.Write(new byte[2_464]);
        Assert.Equal(2, peer.Take().Count);

        peer.Network.Run(1.001);

        Assert.Single(peer.Take());
        Assert.Equal((1L, 2L), (peer.Connection.Core.Statistics.Timeouts, peer.Connection.Core.Statistics.SegmentsLost));
    }

    [Fact]
    public void Fin_IsRetransmittedLikeData()
    {
        var peer = ScriptedPeer.Dialling();
        peer.Connection.Finish();
        var first = peer.TakeOne();

        peer.Network.Run(1.001);

        Assert.Equal((PacketType.Fin, first.Header.Sequence), (peer.TakeOne().Type, peer.Network.Sent[^1].Header.Sequence));
    }
}

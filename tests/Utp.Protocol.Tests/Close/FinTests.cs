using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;
using Utp.Transport;

namespace Utp.Protocol.Tests.Close;

public sealed class FinTests
{
    /// <summary>A capture of libtorrent: the STATE before the FIN has the FIN's own number.</summary>
    [Fact]
    public void FinWithTheNumberOfTheStateBeforeIt_IsTheEnd()
    {
        var peer = ScriptedPeer.Dialled();
        peer.Data(1, 2);
        peer.State();

        peer.Send(peer.Header(PacketType.Fin) with { Extension = 3 }, 0, 4, 0, 0, 0, 15);

        Assert.True(peer.Connection.PeerFinished);
        Assert.Equal([1, 2], peer.Connection.Received);
    }

    [Fact]
    public void DuplicateFin_IsAcknowledgedAgain_AndReachedOnce()
    {
        var peer = ScriptedPeer.Dialled();
        var number = peer.Next;
        peer.Fin();
        peer.Take();

        peer.Send(peer.Header(PacketType.Fin) with { Sequence = number });

        Assert.Equal((PacketType.State, number), (peer.TakeOne().Type, peer.Network.Sent[^1].Header.Acknowledgement));
    }

    [Fact]
    public void SecondFin_WithAnotherNumber_ChangesNothing()
    {
        var peer = ScriptedPeer.Dialled();
        var number = peer.Next;
        peer.Fin();

        peer.Send(peer.Header(PacketType.Fin) with { Sequence = number + 3 });
        peer.DataAt(number + 1, 9);

        Assert.Equal(0, peer.Connection.ReceivedCount);
        Assert.Equal(number, peer.Network.Sent[^1].Header.Acknowledgement);
    }

    /// <summary>A FIN that claims to come before data which is here already is a forgery, or its sender is broken.</summary>
    [Fact]
    public void FinBeforeDataThatHasArrived_IsIgnored()
    {
        var peer = ScriptedPeer.Dialled();
        var first = peer.Next;
        peer.DataAt(first + 2, 3);

        peer.Send(peer.Header(PacketType.Fin) with { Sequence = first + 1 });
        peer.DataAt(first, 1);
        peer.DataAt(first + 1, 2);

        Assert.Equal([1, 2, 3], peer.Connection.Received);
        Assert.False(peer.Connection.PeerFinished);
    }

    [Fact]
    public void DataAfterTheFin_IsNotDelivered()
    {
        var peer = ScriptedPeer.Dialled();
        peer.Fin();

        peer.Data(1, 2, 3);

        Assert.Equal(0, peer.Connection.ReceivedCount);
    }

    /// <summary>Everything between the handshake and the FIN is lost once: the end is reached only behind the bytes.</summary>
    [Fact]
    public void FinArrivesFirst_AllDataLost_BytesComeBeforeTheEnd()
    {
        var pair = new TestPair();
        pair.Network.Rule = d => d.Type == PacketType.Data && d.SentAt < new Instant(1_200_000) ? TestNetwork.Drop : TestNetwork.Deliver;
        pair.Initiator.Write(TestPair.Pattern(2_000));
        pair.Initiator.Finish();
        pair.Network.Run(0.1);
        Assert.False(pair.Acceptor.PeerFinished);

        pair.Network.RunWhile(() => !pair.Acceptor.PeerFinished, 5);

        Assert.Equal(TestPair.Pattern(2_000), pair.Acceptor.Received);
    }

    [Fact]
    public void WritingGoesOn_AfterThePeersFin()
    {
        var peer = ScriptedPeer.Dialled();
        peer.Fin();
        peer.Take();

        peer.Connection.Write([1, 2]);

        Assert.Equal((PacketType.Data, 2), (peer.TakeOne().Type, peer.Network.Sent[^1].PayloadLength));
    }

    [Fact]
    public void CloseAfterWrite_DeliversEverything_ThenEnds()
    {
        var pair = new TestPair();
        pair.Initiator.Write(TestPair.Pattern(200_000));
        pair.Initiator.Close();

        pair.Network.RunWhile(() => !pair.Initiator.IsClosed);

        Assert.Equal(UtpCloseReason.Graceful, pair.Initiator.Core.CloseReason);
        Assert.Equal(TestPair.Pattern(200_000), pair.Acceptor.Received);
    }

    [Fact]
    public void CloseAfterWrite_EverythingDropped_EndsAtTheLingerTimeout_AndSaysSo()
    {
        var pair = new TestPair();
        pair.Network.Rule = _ => TestNetwork.Drop;
        var start = pair.Network.Now;
        pair.Initiator.Write([1]);
        pair.Initiator.Close();

        pair.Network.RunWhile(() => !pair.Initiator.IsReleased, 11);

        Assert.Equal((UtpCloseReason.LingerTimeout, 10_000_000), (pair.Initiator.Core.CloseReason, pair.Initiator.ClosedAt - start));
        Assert.Equal(PacketType.Reset, pair.Network.Sent[^1].Type);
    }

    [Fact]
    public void CloseAfterWrite_OnlyTheAcknowledgementOfTheFinLost_IsGraceful()
    {
        var peer = ScriptedPeer.Dialled();
        peer.Connection.Write([1]);
        peer.Connection.Close();
        peer.State(peer.Take().First(d => d.Type == PacketType.Data).Header.Sequence);

        peer.Network.RunWhile(() => !peer.Connection.IsReleased, 14);

        Assert.Equal(UtpCloseReason.Graceful, peer.Connection.Core.CloseReason);
    }

    /// <summary>The side that does not read any more still acknowledges, so that the peer's bytes do not keep the close waiting.</summary>
    [Fact]
    public void Close_WhileThePeerSends_AcknowledgesAndDropsItsBytes()
    {
        var peer = ScriptedPeer.Dialled();
        peer.Connection.Close();
        peer.Take();

        peer.Data(1, 2, 3);
        peer.Data(4);

        Assert.Equal(0, peer.Connection.ReceivedCount);
        Assert.Equal(peer.Next - 1, peer.Take()[^1].Header.Acknowledgement);
    }

    [Fact]
    public void AcceptorClosesAtOnce_InitiatorSeesTheEnd()
    {
        var pair = new TestPair(connect: false);
        var initiator = pair.A.Connect(pair.B);
        pair.Network.RunWhile(() => pair.B.Accepted.Count == 0);
        pair.B.Accepted[0].Close();
        pair.Network.RunWhile(() => !initiator.PeerFinished, 1);
        initiator.Close();

        pair.Network.RunWhile(() => pair.A.Core.ConnectionCount + pair.B.Core.ConnectionCount > 0, 5);
        Assert.Equal((UtpCloseReason.Graceful, UtpCloseReason.Graceful), (initiator.Core.CloseReason, pair.B.Accepted[0].Core.CloseReason));
    }

    /// <summary>Neither side's FIN is acknowledged, and neither speaks again: both give up in time.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void FinUnacknowledged_WithoutAClose_EndsAfterTheLastRetransmission(bool peerFinished)
    {
        var peer = ScriptedPeer.Dialled();
        if (peerFinished)
        {
            peer.Fin();
        }

        peer.Connection.Finish();
        peer.Network.RunWhile(() => !peer.Connection.IsReleased, 151);

        Assert.Equal(peerFinished ? UtpCloseReason.Graceful : UtpCloseReason.RetransmissionTimeout, peer.Connection.Core.CloseReason);
    }
}

using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;
using Utp.Transport;

namespace Utp.Protocol.Tests.Resets;

/// <summary>libutp accepts a RESET with either id and judges nothing; libtorrent wants its receive id and plausible numbers.</summary>
[Trait("Pitfall", "14")]
public sealed class ResetsTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Abort_SendsTheIdThatThePeerReceivesOn_WithTheNumbersItExpects(bool hostDialled)
    {
        var peer = hostDialled ? ScriptedPeer.Dialled() : ScriptedPeer.Dialling();
        peer.Connection.Write([1]);
        var data = peer.TakeOne();
        peer.Data(5);
        peer.Connection.Abort();

        var reset = peer.Take().Single(d => d.Type == PacketType.Reset);

        Assert.Equal(peer.ReceiveId, reset.Header.ConnectionId);
        Assert.Equal((data.Header.Sequence + 1, peer.Next - 1), (reset.Header.Sequence, reset.Header.Acknowledgement));
    }

    [Fact]
    public void StrayData_IsAnsweredForEveryPeer_NeverWithMoreBytesThanCame()
    {
        var peer = ScriptedPeer.Unconnected();
        (peer.SendId, peer.Received) = (9_999, new(77));

        peer.DataAt(new(5), TestPair.Pattern(100));

        var resets = peer.Take();
        Assert.All(resets,
            d => Assert.Equal((PacketType.Reset, new SequenceNumber(77), new SequenceNumber(5)), (d.Type, d.Header.Sequence, d.Header.Acknowledgement)));
        Assert.Equal([9_998, 10_000], resets.Select(d => (int)d.Header.ConnectionId));
        Assert.True(resets.Sum(d => d.Bytes.Length) <= 120);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(19, 1)]
    [InlineData(20, 2)]
    [InlineData(1_000, 2)]
    public void StrayData_OfSomeLength_IsAnsweredWithNoMoreBytes(int payload, int expectedResets)
    {
        var peer = ScriptedPeer.Unconnected();
        peer.SendId = 9_999;

        peer.DataAt(new(5), TestPair.Pattern(payload));

        Assert.Equal(expectedResets, peer.Take().Count);
    }

    /// <summary>libutp forgets what was reset at its next tick; a second RESET before that makes it keep the connection for ever.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1_000)]
    public void StraysOfOneConnection_AreAnsweredOncePerSecond(int payload)
    {
        var peer = ScriptedPeer.Unconnected();
        peer.SendId = 9_999;
        peer.DataAt(new(5), TestPair.Pattern(payload));
        Assert.NotEmpty(peer.Take());

        peer.DataAt(new(6), TestPair.Pattern(payload));
        Assert.Empty(peer.Take());

        peer.Network.Run(1);
        peer.DataAt(new(7), TestPair.Pattern(payload));
        Assert.NotEmpty(peer.Take());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Abort_WhilePacketsAreOnTheirWay_SendsOneReset(bool hostDialled)
    {
        var peer = hostDialled ? ScriptedPeer.Dialled() : ScriptedPeer.Dialling();
        peer.Connection.Write([1]);
        peer.TakeOne();
        peer.Connection.Abort();
        Assert.Single(peer.Take());

        peer.Data(100);

        Assert.Empty(peer.Take());
    }

    [Fact]
    public void StrayReset_IsNeverAnswered()
    {
        var peer = ScriptedPeer.Unconnected();
        peer.SendId = 9_999;

        peer.Send(peer.Header(PacketType.Reset));

        Assert.Empty(peer.Take());
        Assert.Equal(1, peer.Host.Core.Statistics.ResetsIgnored);
    }

    /// <summary>A libutp RESET: the offending packet's id, its number as acknowledgement, a random number of its own.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void LibutpReset_WithOurSendId_IsAccepted(bool hostDialled)
    {
        var peer = hostDialled ? ScriptedPeer.Dialled() : ScriptedPeer.Dialling();
        peer.Connection.Write([1]);
        var data = peer.TakeOne();

        peer.Send(new PacketHeader
        {
            Type = PacketType.Reset,
            ConnectionId = data.Header.ConnectionId,
            Timestamp = 0,
            Sequence = new(0xBEEF),
            Acknowledgement = data.Header.Sequence,
        });

        Assert.Equal(UtpCloseReason.PeerReset, peer.Connection.Core.CloseReason);
        Assert.True(peer.Connection.IsReleased);
    }

    /// <summary>
    /// The same, provoked by a packet that was acknowledged before the peer forgot the connection. The RESET may be older than the first outstanding
    /// packet by the most that was ever outstanding, by libutp's slack of three, and by one.
    /// </summary>
    [Theory]
    [InlineData(8, true)]
    [InlineData(9, false)]
    public void LibutpReset_OfAnAcknowledgedPacket_IsAcceptedUpToTheMostOutstanding(int behind, bool accepted)
    {
        const int Outstanding = 4;
        var peer = ScriptedPeer.Dialled();
        for (var i = 0; i < Outstanding; i++)
        {
            peer.Connection.Write([1]);
        }

        Assert.Equal(Outstanding, peer.AcknowledgeAll().Count(d => d.Type == PacketType.Data));
        var first = peer.Received + 1;

        peer.Send(new PacketHeader
        {
            Type = PacketType.Reset,
            ConnectionId = peer.ReceiveId,
            Timestamp = 0,
            Sequence = new(0xBEEF),
            Acknowledgement = first - behind,
        });

        Assert.Equal(accepted ? UtpCloseReason.PeerReset : UtpCloseReason.None, peer.Connection.Core.CloseReason);
    }

    /// <summary>The same, provoked by a bare STATE, whose number is the next unsent one.</summary>
    [Fact]
    public void LibutpReset_OfAState_IsAccepted()
    {
        var peer = ScriptedPeer.Dialled();
        peer.Data(1);
        peer.Data(2);
        var state = peer.TakeOne();

        peer.Send(
            peer.Header(PacketType.Reset) with { ConnectionId = state.Header.ConnectionId, Sequence = new(0xBEEF), Acknowledgement = state.Header.Sequence });

        Assert.True(peer.Connection.IsReleased);
    }

    [Fact]
    public void ResetWithReceiveIdAndExpectedSequence_IsAccepted()
    {
        var peer = ScriptedPeer.Dialled();

        peer.Send(peer.Header(PacketType.Reset) with { Acknowledgement = new(0xBEEF) });

        Assert.Equal(UtpCloseReason.PeerReset, peer.Connection.Core.CloseReason);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(-1_000)]
    [InlineData(20_000)]
    public void BlindReset_WithWrongNumbers_IsCountedAndIgnored(int offset)
    {
        var peer = ScriptedPeer.Dialled();

        peer.Send(peer.Header(PacketType.Reset) with { Sequence = peer.Next + offset, Acknowledgement = peer.Received + offset });

        Assert.False(peer.Connection.IsClosed);
        Assert.Equal(1, peer.Host.Core.Statistics.ResetsIgnored);
        Assert.Empty(peer.Take());
    }

    [Fact]
    public void RefusedSyn_IsAnsweredWithItsIdAndNumber()
    {
        var peer = ScriptedPeer.Unconnected();
        peer.Host.Core.IsListening = false;
        peer.SendId = 700;

        peer.Send(peer.Header(PacketType.Syn));

        var reset = peer.TakeOne();
        Assert.Equal((PacketType.Reset, 700, peer.Next), (reset.Type, (int)reset.Header.ConnectionId, reset.Header.Acknowledgement));
    }
}

using Utp.Protocol.Connections.Opening;
using Utp.Protocol.Sockets;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.Handshake;

/// <summary>libutp ignores a repeated SYN, libtorrent makes a second socket of it; a SYN-ACK with a new number corrupts the stream.</summary>
[Trait("Pitfall", "17")]
public sealed class DuplicateSynTests
{
    [Fact]
    public void RepeatedSyn_WhileHalfOpen_GetsTheSameSynAck()
    {
        var peer = ScriptedPeer.Unconnected();
        var first = peer.SendSyn();
        peer.Network.Run(0.5);

        peer.Send(peer.Header(PacketType.Syn) with { ConnectionId = 5_000, Sequence = new(1_000) });

        var second = peer.TakeOne();
        Assert.Equal((PacketType.State, first.Header.ConnectionId, first.Header.Sequence, first.Header.Acknowledgement),
            (second.Type, second.Header.ConnectionId, second.Header.Sequence, second.Header.Acknowledgement));
        Assert.Equal(1, peer.Host.Core.ConnectionCount);
    }

    /// <summary>Who has confirmed has had its SYN-ACK; what comes now is a late copy, or another process on the same port.</summary>
    [Fact]
    public void RepeatedSyn_AfterTheConfirmation_GetsNoSynAck()
    {
        var peer = ScriptedPeer.Unconnected();
        peer.SendSyn();
        peer.Confirm();
        for (var i = 0; i < 5; i++)
        {
            peer.Connection.Write([1]);
            peer.AcknowledgeAll();
        }

        peer.Take();
        peer.Send(peer.Header(PacketType.Syn) with { ConnectionId = 5_000, Sequence = new(1_000) });

        Assert.DoesNotContain(peer.Take(), d => d.Type == PacketType.State);
        Assert.False(peer.Connection.IsClosed);
    }

    [Fact]
    public void SynWithAKnownIdAndAnotherNumber_IsDropped()
    {
        var peer = ScriptedPeer.Unconnected();
        peer.SendSyn();

        var result = peer.Send(peer.Header(PacketType.Syn) with { ConnectionId = 5_000, Sequence = new(2_222) });

        Assert.Equal(DatagramDisposition.Dropped, result.Disposition);
        Assert.Empty(peer.Take());
        Assert.Equal(1, peer.Host.Core.ConnectionCount);
    }

    [Fact]
    public void Initiator_Retries_WithFreshIdAndNumber()
    {
        var peer = ScriptedPeer.Unconnected();
        var first = peer.ConnectHost();

        peer.Network.Run(2);

        var second = peer.TakeOne();
        Assert.Equal(PacketType.Syn, second.Type);
        Assert.NotEqual(first.Header.ConnectionId, second.Header.ConnectionId);
        Assert.NotEqual(first.Header.Sequence, second.Header.Sequence);
        Assert.InRange(second.SentAt - first.SentAt, 1_000_000, 1_250_000);
    }

    [Fact]
    public void Initiator_ReplyToTheFirstAttempt_StillConnects_AndTheOtherIsReset()
    {
        var peer = ScriptedPeer.Unconnected();
        peer.ConnectHost();
        peer.Network.Run(2);
        var second = peer.TakeOne();

        peer.State();
        peer.Data(1, 2);

        Assert.True(peer.Connection.IsConnected);
        Assert.Equal([1, 2], peer.Connection.Received);
        var reset = peer.Take().Single(d => d.Type == PacketType.Reset);
        Assert.Equal(second.Header.ConnectionId + 1, reset.Header.ConnectionId);
        Assert.Equal(second.Header.Sequence + 1, reset.Header.Sequence);
    }
}

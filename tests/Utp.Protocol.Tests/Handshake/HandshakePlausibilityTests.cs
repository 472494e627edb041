using Utp.Protocol.Connections.Opening;
using Utp.Protocol.Sockets;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.Handshake;

public sealed class HandshakePlausibilityTests
{
    /// <summary>A packet that has no effect on an open connection does not open one either.</summary>
    [Fact]
    public void ConfirmationWithAnImpossibleSequenceNumber_IsNone()
    {
        var peer = ScriptedPeer.Unconnected();
        peer.SendSyn();

        peer.DataAt(peer.Next + 30_000, 1);

        Assert.Equal((1, 0), (peer.Host.Core.HalfOpenCount, peer.Host.Accepted.Count));
    }

    /// <summary>libutp's initiator confirms with its first data; one that stays silent still sends its keepalive, which acknowledges one less.</summary>
    [Fact]
    public void KeepAliveOfASilentLibutpInitiator_Confirms()
    {
        var peer = ScriptedPeer.Unconnected();
        var synAck = peer.SendSyn();
        peer.Network.Run(29);

        peer.State(synAck.Header.Sequence - 2);

        Assert.Single(peer.Host.Accepted);
    }

    /// <summary>A predecessor on this port may have had the same id and number; what is acknowledged beyond a gap is its data.</summary>
    [Theory]
    [InlineData(4, false)]
    [InlineData(0, true)]
    public void SynSent_StateThatDescribesAGap_IsNoSynAck(byte mask, bool connects)
    {
        var peer = ScriptedPeer.Unconnected();
        peer.ConnectHost();

        peer.Send(peer.Header(PacketType.State) with { Extension = 1 }, 0, 4, mask, 0, 0, 0);

        Assert.Equal(connects, peer.Connection.IsConnected);
    }

    [Theory]
    [InlineData((int)PacketType.Data)]
    [InlineData((int)PacketType.Fin)]
    public void SynSent_AnythingButASynAck_IsDropped(int type)
    {
        var peer = ScriptedPeer.Unconnected();
        peer.ConnectHost();

        var result = peer.Send(peer.Header((PacketType)type));

        Assert.Equal(DatagramDisposition.Dropped, result.Disposition);
        Assert.False(peer.Connection.IsConnected);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    [InlineData(1_234)]
    public void SynAck_OfAnotherNumber_IsDropped(int offset)
    {
        var peer = ScriptedPeer.Unconnected();
        peer.ConnectHost();

        peer.State(peer.Received + offset);

        Assert.False(peer.Connection.IsConnected);
    }
}

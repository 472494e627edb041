using Utp.Protocol.Connections.Opening;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.Handshake;

/// <summary>libtorrent acknowledges data that overtakes the SYN-ACK and throws it away: the stream is corrupt.</summary>
[Trait("Pitfall", "03")]
public sealed class NoDataFromAcceptorBeforeConfirmationTests
{
    [Fact]
    public void Acceptor_WithoutConfirmation_SendsNothingButOneSynAck()
    {
        var peer = ScriptedPeer.Unconnected();
        peer.SendSyn();

        peer.Network.Run(300);

        Assert.Empty(peer.Take());
        Assert.Empty(peer.Host.Accepted);
        Assert.Equal(0, peer.Host.Core.ConnectionCount);
    }

    [Theory]
    [InlineData(-2)]
    [InlineData(1)]
    [InlineData(5_000)]
    public void Acceptor_PacketThatDoesNotKnowItsNumber_IsNotAConfirmation(int offset)
    {
        var peer = ScriptedPeer.Unconnected();
        var synAck = peer.SendSyn();

        peer.Send(peer.Header(PacketType.Data) with { Acknowledgement = synAck.Header.Sequence + offset }, 1, 2, 3);

        Assert.Empty(peer.Host.Accepted);
        Assert.Empty(peer.Take());
        Assert.Equal(1, peer.Host.Core.HalfOpenCount);
    }

    [Theory]
    [InlineData((int)PacketType.State)]
    [InlineData((int)PacketType.Data)]
    public void Acceptor_AnyPacketThatKnowsItsNumber_Confirms(int type)
    {
        var peer = ScriptedPeer.Unconnected();
        peer.SendSyn();

        peer.Send(peer.Header((PacketType)type), type == (int)PacketType.Data ? [1, 2, 3] : []);

        Assert.Equal(type == (int)PacketType.Data ? 3 : 0, Assert.Single(peer.Host.Accepted).ReceivedCount);
        Assert.Equal(0, peer.Host.Core.HalfOpenCount);
    }
}

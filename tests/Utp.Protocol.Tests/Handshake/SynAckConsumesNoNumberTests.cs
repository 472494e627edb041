using Utp.Protocol.Connections.Opening;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.Handshake;

/// <summary>BEP 29's diagram increments after the SYN-ACK; running code does not.</summary>
[Trait("Pitfall", "02")]
public sealed class SynAckConsumesNoNumberTests
{
    [Fact]
    public void Acceptor_FirstData_CarriesTheSynAcksNumberAgain()
    {
        var peer = ScriptedPeer.Unconnected();
        var synAck = peer.SendSyn();
        peer.Confirm();

        peer.Connection.Write([1]);

        Assert.Equal((PacketType.State, new SequenceNumber(1_000)), (synAck.Type, synAck.Header.Acknowledgement));
        Assert.Equal((PacketType.Data, synAck.Header.Sequence), (peer.TakeOne().Type, peer.Network.Sent[^1].Header.Sequence));
    }

    [Fact]
    public void Initiator_Confirmation_AcknowledgesOneLessThanTheSynAck()
    {
        var peer = ScriptedPeer.Unconnected();
        peer.ConnectHost();

        peer.AnswerSyn();

        var confirmation = peer.TakeOne();
        Assert.Equal(PacketType.State, confirmation.Type);
        Assert.Equal(peer.Next - 1, confirmation.Header.Acknowledgement);
    }

    [Fact]
    public void Initiator_FirstDataOfPeer_WithTheSynAcksNumber_IsDelivered()
    {
        var peer = ScriptedPeer.Dialled();

        peer.Data(7, 8, 9);

        Assert.Equal([7, 8, 9], peer.Connection.Received);
    }
}

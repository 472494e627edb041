using Utp.Protocol.Connections;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.Acknowledgement;

public sealed class AcknowledgementTests
{
    [Fact]
    public void LoneSegment_IsAcknowledgedOnce_AfterTheDelay()
    {
        var peer = ScriptedPeer.Dialled(new ConnectionSettings { KeepAliveMicros = 0 });
        peer.Data(1);
        var arrival = peer.Network.Now;
        Assert.Empty(peer.Take());

        peer.Network.Run(5);

        var state = peer.TakeOne();
        Assert.Equal((PacketType.State, peer.Next - 1, 5_000), (state.Type, state.Header.Acknowledgement, state.SentAt - arrival));
    }

    [Fact]
    public void EverySecondSegment_IsAcknowledgedAtOnce()
    {
        var peer = ScriptedPeer.Dialled();
        for (var i = 0; i < 10; i++)
        {
            peer.Data((byte)i);
        }

        Assert.Equal(5, peer.Take().Count(d => d.Type == PacketType.State));
    }

    [Fact]
    public void Reply_WithinTheDelay_CarriesTheAcknowledgement()
    {
        var peer = ScriptedPeer.Dialled();
        peer.Data(1);

        peer.Connection.Write([2]);
        peer.Network.Run(0.03);

        var data = peer.TakeOne();
        Assert.Equal((PacketType.Data, peer.Next - 1), (data.Type, data.Header.Acknowledgement));
    }

    /// <summary>libutp ignores the acknowledgement on a number that it knows: a retransmission does not count as carrying one.</summary>
    [Fact]
    public void Retransmission_DoesNotReplaceTheAcknowledgement()
    {
        var peer = ScriptedPeer.Dialled();
        peer.Connection.Write([9]);
        peer.Take();
        peer.Network.RunWhile(() => peer.Network.Sent[^1].Type != PacketType.Data || peer.Network.Sent[^1].SentAt.Micros < 1_400_000, 2);
        peer.Data(1);
        peer.Network.Run(0.006);

        Assert.Contains(peer.Take(), d => d.Type == PacketType.State && d.Header.Acknowledgement == peer.Next - 1);
    }

    [Fact]
    public void Fin_IsAcknowledgedAtOnce()
    {
        var peer = ScriptedPeer.Dialled();

        peer.Fin();

        Assert.Equal((PacketType.State, peer.Next - 1), (peer.TakeOne().Type, peer.Network.Sent[^1].Header.Acknowledgement));
    }

    [Fact]
    public void State_IsNeverAcknowledged()
    {
        var peer = ScriptedPeer.Dialled();
        for (var i = 0; i < 10; i++)
        {
            peer.State();
        }

        peer.Network.Run(0.1);

        Assert.Empty(peer.Take());
    }
}

using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;
using Utp.Transport;

namespace Utp.Protocol.Tests.Close;

/// <summary>libtorrent does not keep a FIN that overtook data: it wants it again. Its 1.2 branch then never acknowledges it.</summary>
[Trait("Pitfall", "21")]
public sealed class OutOfOrderFinTests
{
    [Fact]
    public void OurFin_ThatThePeerDidNotKeep_IsSentAgain()
    {
        var peer = ScriptedPeer.Dialled();
        peer.Connection.Write([1]);
        peer.Connection.Finish();
        var (data, fin) = (peer.Take()[0], peer.Network.Sent[^1]);
        Assert.Equal(PacketType.Fin, fin.Type);

        peer.Network.Run(0.02);
        peer.State(data.Header.Sequence);
        peer.Network.Run(3);

        var again = peer.Take().Last(d => d.Type == PacketType.Fin);
        Assert.Equal(fin.Header.Sequence, again.Header.Sequence);
        peer.State(again.Header.Sequence);
        Assert.True(peer.Connection.Finished);
    }

    [Fact]
    public void OurFin_NeverAcknowledgedByAPeerThatHasFinished_EndsGracefully()
    {
        var peer = ScriptedPeer.Dialled();
        peer.Connection.Write([1]);
        peer.AcknowledgeAll();
        peer.Fin();

        peer.Connection.Finish();

        peer.Network.RunWhile(() => !peer.Connection.IsReleased, 10);
        Assert.Equal(UtpCloseReason.Graceful, peer.Connection.Core.CloseReason);
        Assert.InRange(peer.Network.Sent.Count(d => d.Type == PacketType.Fin), 3, 4);
    }

    [Fact]
    public void PeersFin_ThatOvertookData_IsKeptAndReachedWhenTheGapIsFilled()
    {
        var peer = ScriptedPeer.Dialled();
        var first = peer.Next;

        peer.Send(peer.Header(PacketType.Fin) with { Sequence = first + 2 });
        peer.DataAt(first + 1, 2);
        Assert.False(peer.Connection.PeerFinished);
        peer.DataAt(first, 1);

        Assert.True(peer.Connection.PeerFinished);
        Assert.Equal([1, 2], peer.Connection.Received);
        Assert.Equal(first + 2, peer.Network.Sent[^1].Header.Acknowledgement);
    }
}

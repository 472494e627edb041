using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.LossRecovery;

public sealed class FastRetransmitTests
{
    [Fact]
    public void HoleBelowSelectivelyAcknowledgedSegments_IsSentAgain_OncePerTransmission()
    {
        var (peer, first) = FiveInFlight();

        peer.StateHolding(first + 1, first + 2, first + 3);
        peer.Network.Run(0.006);
        peer.StateHolding(first + 1, first + 2, first + 3, first + 4);
        peer.Network.Run(0.01);
        peer.StateHolding(first + 1, first + 2, first + 3, first + 4);

        var again = Assert.Single(peer.Take(), d => d.Type == PacketType.Data);
        Assert.Equal(first, again.Header.Sequence);
        Assert.Equal(1, peer.Connection.Core.Statistics.CongestionEvents);
    }

    [Fact]
    public void SeveralHoles_AreSentAgainOldestFirst()
    {
        var (peer, first) = FiveInFlight();

        peer.StateHolding(first + 1, first + 4);
        peer.Network.Run(0.03);

        Assert.Equal([0, 2, 3], peer.Take().Where(d => d.Type == PacketType.Data).Select(d => d.Header.Sequence - first));
    }

    /// <summary>Acknowledgements without a mask that repeat themselves, as a window update or a keepalive may, are no sign of loss.</summary>
    [Theory]
    [InlineData((int)PacketType.State)]
    [InlineData((int)PacketType.Data)]
    public void PlainDuplicateAcknowledgements_RetransmitNothing(int type)
    {
        var (peer, _) = FiveInFlight();
        for (var i = 0; i < 10; i++)
        {
            peer.Send(peer.Header((PacketType)type) with { Sequence = peer.Next + (type == (int)PacketType.Data ? i : 0) },
                type == (int)PacketType.Data ? [1] : []);
        }

        peer.Network.Run(0.005);

        Assert.DoesNotContain(peer.Take(), d => d.Type == PacketType.Data);
        Assert.Equal(0, peer.Connection.Core.Statistics.SegmentsLost);
    }

    [Fact]
    public void HoleFilledLate_ByTheFirstTransmission_CountsAsSpurious()
    {
        var (peer, first) = FiveInFlight();
        peer.StateHolding(first + 1, first + 2, first + 3, first + 4);
        peer.Network.RunWhile(() => peer.Connection.Core.Statistics.SegmentsRetransmitted == 0, 1);

        peer.Network.Run(0.001);
        peer.State(first + 4);

        Assert.Equal(1, peer.Connection.Core.Statistics.SpuriousRetransmissions);
    }

    private static (ScriptedPeer Peer, SequenceNumber First) FiveInFlight()
    {
        var peer = ScriptedPeer.Dialled();
        for (byte i = 0; i < 5; i++)
        {
            peer.Connection.Write([i]);
        }

        var first = peer.Take()[0].Header.Sequence;
        peer.Network.Run(0.02);
        return (peer, first);
    }
}

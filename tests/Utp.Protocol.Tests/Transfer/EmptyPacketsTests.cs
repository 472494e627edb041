using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;
using Utp.Simulation.Randomness;

namespace Utp.Protocol.Tests.Transfer;

/// <summary>librqbit never acknowledges empty DATA; payload on FIN or STATE is lost at most peers.</summary>
[Trait("Pitfall", "22")]
public sealed class EmptyPacketsTests
{
    [Fact]
    public void EveryPacketOfALossyTransfer_HasPayloadExactlyIfItIsData()
    {
        var pair = new TestPair();
        var random = new SeededRandomSource(22);
        pair.Network.Rule = _ => random.NextDouble() < 0.1 ? TestNetwork.Drop : TestNetwork.Deliver;
        pair.Initiator.Write([]);
        foreach (var length in new[] { 1, 3_000, 70_000 })
        {
            pair.Initiator.Write(TestPair.Pattern(length));
            pair.Acceptor.Write(TestPair.Pattern(length));
        }

        pair.Initiator.Finish();
        pair.Acceptor.Finish();
        pair.Network.RunWhile(() => pair.A.Core.ConnectionCount + pair.B.Core.ConnectionCount > 0, 300);

        Assert.Contains(pair.Network.Sent, d => d.Type == PacketType.Fin);
        Assert.All(pair.Network.Sent, d => Assert.Equal(d.Type == PacketType.Data, d.PayloadLength > 0));
    }

    /// <summary>What others send is taken as libutp and libtorrent take it: an empty DATA has a number.</summary>
    [Fact]
    public void ReceivedEmptyData_ConsumesItsNumberAndIsAcknowledged()
    {
        var peer = ScriptedPeer.Dialled();

        peer.Data();
        peer.Data(5);

        Assert.Equal([5], peer.Connection.Received);
        Assert.Equal(peer.Next - 1, peer.TakeOne().Header.Acknowledgement);
    }

    [Fact]
    public void ReceivedFinWithPayload_IsDelivered()
    {
        var peer = ScriptedPeer.Dialled();

        peer.Send(peer.Header(PacketType.Fin), 1, 2);

        Assert.Equal([1, 2], peer.Connection.Received);
        Assert.True(peer.Connection.PeerFinished);
    }

    [Fact]
    public void ReceivedStateWithPayload_IsAnAcknowledgementAndNothingElse()
    {
        var peer = ScriptedPeer.Dialled();
        peer.Connection.Write([1]);
        peer.Received = peer.TakeOne().Header.Sequence;

        peer.Send(peer.Header(PacketType.State), 1, 2);

        Assert.Equal(0, peer.Connection.ReceivedCount);
        Assert.Equal(1, peer.Connection.Core.Statistics.BytesAcknowledged);
    }
}

using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;
using Utp.Simulation.Randomness;

namespace Utp.Protocol.Tests.Wire;

/// <summary>libutp takes a packet whose first extension type is 3 or more for another protocol. libtorrent's FIN begins with one.</summary>
[Trait("Pitfall", "05")]
public sealed class FirstExtensionThreeHidesAPacketFromLibutpTests
{
    [Fact]
    public void LibtorrentFin_CloseReasonFirst_IsAccepted()
    {
        var peer = ScriptedPeer.Dialled();

        peer.Send(peer.Header(PacketType.Fin) with { Extension = 3 }, 0, 4, 0, 0, 0, 15);

        Assert.True(peer.Connection.PeerFinished);
        Assert.Equal(0, peer.Connection.ReceivedCount);
    }

    [Fact]
    public void Data_UnknownExtensionFirst_DeliversThePayloadBehindTheChain()
    {
        var peer = ScriptedPeer.Dialled();

        peer.Send(peer.Header(PacketType.Data) with { Extension = 200 }, [3, 1, 0xAA, 0, 4, 0, 0, 0, 15, 7, 8, 9]);

        Assert.Equal([7, 8, 9], peer.Connection.Received);
    }

    [Fact]
    public void EveryPacketOfALossyTransfer_StartsWithNoExtensionOrASelectiveAcknowledgement()
    {
        var pair = new TestPair();
        var random = new SeededRandomSource(5);
        pair.Network.Rule = _ => random.NextDouble() < 0.1 ? TestNetwork.Drop : TestNetwork.Deliver;
        pair.Initiator.Write(TestPair.Pattern(100_000));
        pair.Acceptor.Write(TestPair.Pattern(100_000));
        pair.Initiator.Finish();
        pair.Acceptor.Close();
        pair.Network.RunWhile(() => pair.A.Core.ConnectionCount + pair.B.Core.ConnectionCount > 0, 300);

        Assert.Contains(pair.Network.Sent, d => d.Header.Extension == 1);
        Assert.All(pair.Network.Sent, d => Assert.InRange(d.Header.Extension, 0, 1));
    }
}

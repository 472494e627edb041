using Utp.Protocol.Connections;
using Utp.Protocol.Connections.Opening;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;
using Utp.Transport;

namespace Utp.Protocol.Tests.Handshake;

public sealed class HandshakeTests
{
    /// <summary>A SYN whose id is ours plus or minus one must not be taken for the connection that we dialled.</summary>
    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(1)]
    public void SynAtAnInitiator_WithANearbyId_DoesNotDisturbIt(int offset)
    {
        var peer = ScriptedPeer.Dialled();
        var id = unchecked((ushort)(peer.SendId + offset));

        peer.Send(peer.Header(PacketType.Syn) with { ConnectionId = id, Sequence = new(3_333) });
        peer.Connection.Write([1]);
        peer.Data(2);

        Assert.Equal([2], peer.Connection.Received);
        Assert.Contains(peer.Take(), d => d.Type == PacketType.Data && d.Header.ConnectionId == peer.ReceiveId);
    }

    [Fact]
    public void ConfirmationLost_IsRepeated()
    {
        var pair = new TestPair(connect: false);
        pair.Network.Rule = d =>
            d.Type == PacketType.State && d.From == pair.A.Address && d.SentAt < new Instant(1_600_000) ? TestNetwork.Drop : TestNetwork.Deliver;
        pair.A.Connect(pair.B);

        pair.Network.RunWhile(() => pair.B.Accepted.Count == 0, 2);

        pair.B.Accepted[0].Write([1]);
        pair.Network.RunWhile(() => pair.B.Accepted[0].Core.Statistics.BytesAcknowledged == 0, 1);
    }

    [Fact]
    public void ConfirmationHeard_IsNotRepeated()
    {
        var peer = ScriptedPeer.Dialled(new ConnectionSettings { KeepAliveMicros = 0 });
        peer.Data(1);
        peer.Data(2);
        peer.Take();

        peer.Network.Run(10);

        Assert.Empty(peer.Take());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void AnyHandshakePacketLost_ConnectsAllTheSame(int dropped)
    {
        var pair = new TestPair(connect: false);
        var index = 0;
        pair.Network.Rule = _ => index++ == dropped ? TestNetwork.Drop : TestNetwork.Deliver;

        var initiator = pair.A.Connect(pair.B);

        pair.Network.RunWhile(() => !initiator.IsConnected || pair.B.Accepted.Count == 0, 3);
        pair.Network.Run(1);
        Assert.Equal((1, 1), (pair.A.Core.ConnectionCount, pair.B.Core.ConnectionCount));
    }

    [Fact]
    public void SynAckTwice_ConnectsOnce()
    {
        var pair = new TestPair(connect: false);
        pair.Network.Rule = _ => [0, 5_000];

        var initiator = pair.A.Connect(pair.B);
        pair.Network.Run(1);

        Assert.True(initiator.IsConnected);
        Assert.Single(pair.B.Accepted);
        Assert.Equal((1, 1), (pair.A.Core.ConnectionCount, pair.B.Core.ConnectionCount));
    }

    /// <summary>The application gives up while the SYN is on its way: the acceptor is told, and keeps nothing.</summary>
    [Fact]
    public void AbortWhileConnecting_LeavesNothingOnEitherSide()
    {
        var pair = new TestPair(connect: false);
        var initiator = pair.A.Connect(pair.B);
        pair.Network.Run(0.005);

        initiator.Abort();
        pair.Network.Run(1);

        Assert.Equal((UtpCloseReason.LocalAbort, true), (initiator.Core.CloseReason, initiator.IsReleased));
        Assert.Equal((0, 0), (pair.A.Core.ConnectionCount, pair.B.Core.ConnectionCount));
        Assert.Empty(pair.B.Accepted);
    }
}

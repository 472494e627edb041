using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.Close;

/// <summary>After FIN = N libutp wants STATEs numbered N + 1 and libtorrent N; each drops the other.</summary>
[Trait("Pitfall", "08")]
public sealed class AcknowledgementsAfterOurFinTests
{
    [Fact]
    public void StateAfterFin_IsSentWithBothNumbers()
    {
        var peer = ScriptedPeer.Dialled();
        peer.Connection.Finish();
        var fin = peer.TakeOne();

        peer.Data(1);
        peer.Data(2);

        var states = peer.Take();
        Assert.Equal([fin.Header.Sequence, fin.Header.Sequence + 1], states.Select(d => d.Header.Sequence).Order(Circular));
        Assert.All(states, d => Assert.Equal((PacketType.State, peer.Next - 1), (d.Type, d.Header.Acknowledgement)));
    }

    [Fact]
    public void StateBeforeFin_IsSentOnce()
    {
        var peer = ScriptedPeer.Dialled();

        peer.Data(1);
        peer.Data(2);

        Assert.Equal(PacketType.State, peer.TakeOne().Type);
    }

    /// <summary>libtorrent does not take the acknowledgement of its FIN from DATA.</summary>
    [Fact]
    public void PeersFin_IsAcknowledgedByAState_EvenWhenDataLeaves()
    {
        var peer = ScriptedPeer.Dialled();
        peer.Connection.Write([1]);
        peer.AcknowledgeAll();
        peer.Take();

        peer.Fin();
        peer.Connection.Write([2]);

        Assert.Contains(peer.Take(), d => d.Type == PacketType.State && d.Header.Acknowledgement == peer.Next - 1);
    }

    /// <summary>libtorrent's FIN does not advance its number: its later STATEs repeat the FIN's.</summary>
    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    public void PeersStateAfterItsFin_WithEitherNumber_AcknowledgesOurData(int offset)
    {
        var peer = ScriptedPeer.Dialled();
        peer.Fin();
        peer.Connection.Write([1, 2, 3]);
        var data = peer.Take().Last(d => d.Type == PacketType.Data);

        peer.Send(peer.Header(PacketType.State) with { Sequence = peer.Next + offset, Acknowledgement = data.Header.Sequence });

        Assert.Equal(3, peer.Connection.Core.Statistics.BytesAcknowledged);
    }

    private static Comparer<SequenceNumber> Circular { get; } = Comparer<SequenceNumber>.Create((a, b) => a - b);
}

using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.Acknowledgement;

/// <summary>libutp never retransmits on duplicate acknowledgements: without a mask it waits for its timeout.</summary>
[Trait("Pitfall", "06")]
public sealed class SelectiveAcknowledgementIsGeneratedTests
{
    [Fact]
    public void Gap_IsDescribedAtOnce_OncePerSegmentBehindIt()
    {
        var peer = ScriptedPeer.Dialled();
        var missing = peer.Next;

        peer.DataAt(missing + 1, 1);
        var first = peer.TakeOne();
        peer.DataAt(missing + 2, 2);
        var second = peer.TakeOne();
        peer.DataAt(missing + 4, 4);
        var third = peer.TakeOne();

        Assert.All([first, second, third], d => Assert.Equal((PacketType.State, (byte)1, missing - 1), (d.Type, d.Header.Extension, d.Header.Acknowledgement)));
        Assert.Equal([0b1, 0, 0, 0], first.SelectiveAck);
        Assert.Equal([0b11, 0, 0, 0], second.SelectiveAck);
        Assert.Equal([0b1011, 0, 0, 0], third.SelectiveAck);
    }

    /// <summary>DATA headers stay 20 bytes, so that a train's segments are equal in size: a STATE describes the gap.</summary>
    [Fact]
    public void DataWhileAGapIsOpen_CarriesNoMask_AndAStateDoes()
    {
        var peer = ScriptedPeer.Dialled();
        peer.DataAt(peer.Next + 1, 2);
        peer.Connection.Write([1, 2, 3]);

        var sent = peer.Take();

        Assert.Equal((byte)0, Assert.Single(sent, d => d.Type == PacketType.Data).Header.Extension);
        Assert.NotNull(Assert.Single(sent, d => d.Type == PacketType.State).SelectiveAck);
    }

    [Fact]
    public void GapFilled_AcknowledgesEverythingWithoutAMask()
    {
        var peer = ScriptedPeer.Dialled();
        var missing = peer.Next;
        peer.DataAt(missing + 1, 2);
        peer.DataAt(missing + 2, 3);
        peer.Take();

        peer.DataAt(missing, 1);

        var state = peer.TakeOne();
        Assert.Equal((PacketType.State, (byte)0, missing + 2), (state.Type, state.Header.Extension, state.Header.Acknowledgement));
        Assert.Equal([1, 2, 3], peer.Connection.Received);
    }
}

using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.Acknowledgement;

/// <summary>libutp drops a STATE whose number it has consumed, acknowledgement included, and then retransmits until it dies.</summary>
[Trait("Pitfall", "01")]
public sealed class StateSequenceIsNextUnsentTests
{
    [Fact]
    public void State_BeforeAnyData_CarriesTheNumberThatTheFirstDataWillHave()
    {
        var peer = ScriptedPeer.Dialled();
        var synSequence = peer.Received;

        peer.Data(1);
        peer.Data(2);
        var state = peer.TakeOne();
        peer.Connection.Write([3]);
        var data = peer.TakeOne();

        Assert.Equal((PacketType.State, synSequence + 1), (state.Type, state.Header.Sequence));
        Assert.Equal((PacketType.Data, synSequence + 1), (data.Type, data.Header.Sequence));
    }

    [Fact]
    public void State_AfterData_CarriesTheNumberAfterTheLastSent()
    {
        var peer = ScriptedPeer.Dialling();
        peer.Connection.Write([1]);
        peer.Connection.Write([2]);
        var lastSent = peer.Take()[^1].Header.Sequence;

        peer.Data(1);
        peer.Data(2);

        Assert.Equal((PacketType.State, lastSent + 1), (peer.Take()[^1].Type, peer.Network.Sent[^1].Header.Sequence));
    }
}

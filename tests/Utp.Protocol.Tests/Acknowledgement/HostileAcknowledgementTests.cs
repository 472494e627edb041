using Utp.Protocol.Sockets;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.Acknowledgement;

/// <summary>Acknowledgements that no honest peer sends: they may cost the peer its connection's progress, never us our state.</summary>
public sealed class HostileAcknowledgementTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1_000)]
    [InlineData(32_000)]
    public void AcknowledgementOfUnsent_IsCountedAndHasNoEffect(int beyond)
    {
        var peer = ScriptedPeer.Dialled();
        peer.Connection.Write([1]);
        var next = peer.TakeOne().Header.Sequence + 1;

        var result = peer.Send(peer.Header(PacketType.Data) with { Acknowledgement = next + beyond }, 9, 9);

        Assert.Equal(DatagramDisposition.Dropped, result.Disposition);
        Assert.Equal(1, peer.Host.Core.Statistics.DatagramsImplausible);
        Assert.Equal((0, 0), (peer.Connection.Core.Statistics.BytesAcknowledged, peer.Connection.ReceivedCount));
        Assert.Empty(peer.Take());
        Assert.False(peer.Connection.IsClosed);
    }

    /// <summary>First selectively acknowledged, then passed over by a cumulative acknowledgement that ends just below it.</summary>
    [Fact]
    public void CumulativeAcknowledgementThatForgetsASelectiveOne_LeavesNoAcknowledgedSegmentInFront()
    {
        var peer = ScriptedPeer.Dialled();
        for (byte i = 0; i < 4; i++)
        {
            peer.Connection.Write([i]);
        }

        var first = peer.Take()[0].Header.Sequence;
        peer.StateHolding(first + 1, first + 2);

        peer.State(first);

        Assert.Equal(3, peer.Connection.Core.Statistics.BytesAcknowledged);
        peer.Network.Run(0.02);
        peer.State(first + 3);
        Assert.Equal(4, peer.Connection.Core.Statistics.BytesAcknowledged);
    }

    [Fact]
    public void MaskOfAnOldAcknowledgement_ThatNamesTheFirstOutstanding_DoesNotFreeIt()
    {
        var peer = ScriptedPeer.Dialled();
        for (byte i = 0; i < 4; i++)
        {
            peer.Connection.Write([i]);
        }

        var first = peer.Take()[0].Header.Sequence;
        peer.State(first + 1);
        peer.Received = first;

        peer.StateHolding(first + 2);

        Assert.Equal(2, peer.Connection.Core.Statistics.BytesAcknowledged);
    }
}

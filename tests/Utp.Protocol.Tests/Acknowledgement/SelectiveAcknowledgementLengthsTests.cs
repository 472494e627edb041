using Utp.Protocol.Sockets;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.Acknowledgement;

/// <summary>libtorrent sends as few bytes as it can, often one; ethereum/utp drops what is not a multiple of four.</summary>
[Trait("Pitfall", "07")]
public sealed class SelectiveAcknowledgementLengthsTests
{
    [Theory]
    [InlineData(new byte[] { 0b1 }, 1)]
    [InlineData(new byte[] { 0b11, 0, 0 }, 2)]
    [InlineData(new byte[] { 0b111, 0, 0, 0 }, 3)]
    [InlineData(new byte[0], 0)]
    public void ReceivedMask_AnyLength_IsUsed(byte[] mask, int acknowledgedCount)
    {
        var peer = ScriptedPeer.Dialled();
        for (byte i = 0; i < 5; i++)
        {
            peer.Connection.Write([i]);
        }

        var result = peer.Send(peer.Header(PacketType.State) with { Extension = 1 }, [0, (byte)mask.Length, .. mask]);

        Assert.Equal(DatagramDisposition.Accepted, result.Disposition);
        Assert.Equal(acknowledgedCount, peer.Connection.Core.Statistics.BytesAcknowledged);
    }

    [Fact]
    public void ReceivedMask_BitsBeyondTheNewestSegment_AreIgnored()
    {
        var peer = ScriptedPeer.Dialled();
        peer.Connection.Write([1]);
        peer.Connection.Write([2]);

        peer.Send(peer.Header(PacketType.State) with { Extension = 1 }, [0, 255, .. Enumerable.Repeat((byte)0xFF, 255)]);

        Assert.Equal(1, peer.Connection.Core.Statistics.BytesAcknowledged);
    }

    /// <summary>libtorrent puts masks on DATA as well.</summary>
    [Fact]
    public void ReceivedMask_OnData_IsUsedAndThePayloadDelivered()
    {
        var peer = ScriptedPeer.Dialled();
        peer.Connection.Write([1]);
        peer.Connection.Write([2]);

        peer.Send(peer.Header(PacketType.Data) with { Extension = 1 }, 0, 1, 0b1, 77);

        Assert.Equal(1, peer.Connection.Core.Statistics.BytesAcknowledged);
        Assert.Equal([77], peer.Connection.Received);
    }

    [Theory]
    [InlineData(1, 4)]
    [InlineData(32, 4)]
    [InlineData(33, 8)]
    [InlineData(300, 40)]
    [InlineData(3_000, 252)]
    public void SentMask_GrowsWithTheGap_InMultiplesOfFour(int ahead, int expectedLength)
    {
        var peer = ScriptedPeer.Dialled();

        peer.DataAt(peer.Next + ahead, 1);

        Assert.Equal(expectedLength, peer.TakeOne().SelectiveAck!.Length);
    }
}

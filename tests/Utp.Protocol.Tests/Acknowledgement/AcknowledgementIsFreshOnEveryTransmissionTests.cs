using Utp.Protocol.Sockets;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.Acknowledgement;

/// <summary>libutp and libtorrent discard DATA whose acknowledgement is more than three behind; a packet resent unchanged never gets through.</summary>
[Trait("Pitfall", "04")]
public sealed class AcknowledgementIsFreshOnEveryTransmissionTests
{
    [Fact]
    public void Retransmission_AfterReceiving_CarriesTheNewAcknowledgementAndTimestamp()
    {
        var peer = ScriptedPeer.Dialled();
        peer.Connection.Write([1, 2, 3]);
        var first = peer.TakeOne();
        for (byte i = 0; i < 10; i++)
        {
            peer.Data(i);
        }

        peer.Take();
        peer.Network.RunWhile(() => !peer.Network.Sent.Skip(4).Any(d => d.Type == PacketType.Data && d.SentAt > first.SentAt));

        var again = peer.Take().Last(d => d.Type == PacketType.Data);
        Assert.Equal(first.Header.Sequence, again.Header.Sequence);
        Assert.Equal(peer.Next - 1, again.Header.Acknowledgement);
        Assert.Equal(10, again.Header.Acknowledgement - first.Header.Acknowledgement);
        Assert.Equal(again.SentAt.WireTimestamp, again.Header.Timestamp);
    }

    /// <summary>We do not copy that strictness: peers that do resend unchanged would never get through.</summary>
    [Fact]
    public void Data_WithAnAcknowledgementTenBehind_IsDeliveredAndItsAcknowledgementIgnored()
    {
        var peer = ScriptedPeer.Dialled();
        var stale = peer.Received;
        for (byte i = 0; i < 10; i++)
        {
            peer.Connection.Write([i]);
        }

        peer.AcknowledgeAll();
        var acknowledged = peer.Connection.Core.Statistics.BytesAcknowledged;

        var result = peer.Send(peer.Header(PacketType.Data) with { Acknowledgement = stale, WindowBytes = 0 }, 42);

        Assert.Equal(DatagramDisposition.Accepted, result.Disposition);
        Assert.Equal([42], peer.Connection.Received);
        Assert.Equal(acknowledged, peer.Connection.Core.Statistics.BytesAcknowledged);
        Assert.Equal(peer.WindowBytes, peer.Connection.Core.Statistics.PeerWindowBytes);
    }
}

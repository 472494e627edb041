using System.Text;
using Utp.Protocol.Sockets;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.Demultiplexing;

public sealed class NonUtpDatagramTests
{
    [Theory]
    [InlineData("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe")]
    [InlineData("")]
    [InlineData("hello")]
    public void DatagramsOfOtherProtocols_BesideAConnection_AreHandedOnAndNeverAnswered(string text)
    {
        var pair = new TestPair();
        pair.Initiator.Write(TestPair.Pattern(50_000));
        pair.Network.Run(0.03);
        var sent = pair.Network.Sent.Count(d => d.From == pair.B.Address);

        var result = pair.B.Inject(pair.A.Address, Encoding.ASCII.GetBytes(text));

        Assert.Equal(DatagramDisposition.NotUtp, result.Disposition);
        Assert.Equal(1, pair.B.Core.Statistics.DatagramsNotUtp);
        Assert.Equal(sent, pair.Network.Sent.Count(d => d.From == pair.B.Address));
        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < 50_000);
    }

    [Fact]
    public void MalformedUtp_OfAConnection_HasNoEffectAtAll()
    {
        var peer = ScriptedPeer.Dialled();
        peer.Connection.Write([1]);
        peer.Received = peer.TakeOne().Header.Sequence;

        var result = peer.Send(peer.Header(PacketType.Data) with { Extension = 1 }, 0, 4, 1);

        Assert.Equal(DatagramDisposition.Dropped, result.Disposition);
        Assert.Equal((1L, 0L, 0L),
            (peer.Host.Core.Statistics.DatagramsMalformed, peer.Connection.Core.Statistics.BytesAcknowledged, peer.Connection.ReceivedCount));
        Assert.Empty(peer.Take());
    }
}

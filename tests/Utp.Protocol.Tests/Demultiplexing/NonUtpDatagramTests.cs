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

    /// <summary>Answers of STUN begin like uTP data. Only the whole pattern makes the difference.</summary>
    [Theory]
    [InlineData("0101000C2112A442B7E7A701BC34D686FA87DFAE002000080001A147E112A643", DatagramDisposition.NotUtp)]
    [InlineData("011100002112A442B7E7A701BC34D686FA87DFAE", DatagramDisposition.NotUtp)]
    [InlineData("0101000C2112A443B7E7A701BC34D686FA87DFAE002000080001A147E112A643", DatagramDisposition.Dropped)]
    [InlineData("0101000D2112A442B7E7A701BC34D686FA87DFAE002000080001A147E112A643", DatagramDisposition.Dropped)]
    [InlineData("2101000C2112A442B7E7A701BC34D686FA87DFAE002000080001A147E112A643", DatagramDisposition.Dropped)]
    public void StunAnswer_BesideUtp_IsHandedOn(string bytes, object disposition)
    {
        var pair = new TestPair();

        var result = pair.B.Inject(pair.A.Address, Convert.FromHexString(bytes));

        Assert.Equal(disposition, result.Disposition);
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

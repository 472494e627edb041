using Utp.Protocol.Connections;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;
using Utp.Transport;

namespace Utp.Protocol.Tests.Close;

public sealed class HalfCloseTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void AnswerAfterTheFin_IsDelivered(bool initiatorFinishes)
    {
        var pair = new TestPair();
        var (asks, answers) = initiatorFinishes ? (pair.Initiator, pair.Acceptor) : (pair.Acceptor, pair.Initiator);
        asks.Write(TestPair.Pattern(5_000));
        asks.Finish();
        pair.Network.RunWhile(() => !answers.PeerFinished);

        answers.Write(TestPair.Pattern(200_000));
        answers.Finish();

        pair.Network.RunWhile(() => pair.A.Core.ConnectionCount + pair.B.Core.ConnectionCount > 0);
        Assert.Equal(TestPair.Pattern(200_000), asks.Received);
        Assert.Equal((UtpCloseReason.Graceful, UtpCloseReason.Graceful), (asks.Core.CloseReason, answers.Core.CloseReason));
    }

    /// <summary>The side that has finished is alive, and has to show it, for as long as the other takes to answer.</summary>
    [Fact]
    public void AnswerAfterTenMinutesOfSilence_IsDelivered()
    {
        var pair = new TestPair();
        pair.Initiator.Write([1]);
        pair.Initiator.Finish();

        pair.Network.Run(600);
        Assert.Equal((UtpCloseReason.None, UtpCloseReason.None), (pair.Initiator.Core.CloseReason, pair.Acceptor.Core.CloseReason));
        pair.Acceptor.Write([2]);
        pair.Acceptor.Finish();

        pair.Network.RunWhile(() => pair.A.Core.ConnectionCount + pair.B.Core.ConnectionCount > 0);
        Assert.Equal([2], pair.Initiator.Received);
    }

    [Fact]
    public void BytesWrittenBeforeConnecting_AndTheFin_FollowTheHandshake()
    {
        var pair = new TestPair(connect: false);
        var initiator = pair.A.Connect(pair.B);
        initiator.Write([1, 2, 3]);
        initiator.Finish();

        pair.Network.RunWhile(() => pair.B.Accepted.Count == 0 || !pair.B.Accepted[0].PeerFinished);

        Assert.Equal([1, 2, 3], pair.B.Accepted[0].Received);
        Assert.True(pair.B.Accepted[0].Core.State == ConnectionState.Connected);
    }

    [Fact]
    public void FinOnly_WithoutAnyData_ReachesThePeer()
    {
        var pair = new TestPair();

        pair.Acceptor.Finish();
        pair.Network.RunWhile(() => !pair.Initiator.PeerFinished || !pair.Acceptor.Finished);

        Assert.Equal(0, pair.Initiator.ReceivedCount);
        Assert.Equal(PacketType.Fin, pair.Network.Sent.First(d => d.From == pair.B.Address && d.Type != PacketType.State).Type);
    }
}

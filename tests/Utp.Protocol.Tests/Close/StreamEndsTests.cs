using Utp.Protocol.Connections.Closing;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.Close;

public sealed class StreamEndsTests
{
    [Fact]
    public void PeersFin_IsReachedOnce_WhenEverythingBeforeItHasArrived()
    {
        var ends = default(StreamEnds);
        ends.OnPeerFin(new SequenceNumber(0));

        Assert.False(ends.TryReachPeerFin(new SequenceNumber(65_535)));
        Assert.False(ends.TryReachPeerFin(new SequenceNumber(0)));
        Assert.True(ends.TryReachPeerFin(new SequenceNumber(1)));
        Assert.False(ends.TryReachPeerFin(new SequenceNumber(1)));
        Assert.True(ends.IsPeerFinReached);
    }

    [Fact]
    public void PeersFin_ThatComesAgainWithAnotherNumber_IsIgnored()
    {
        var ends = default(StreamEnds);
        ends.OnPeerFin(new SequenceNumber(10));

        ends.OnPeerFin(new SequenceNumber(5));

        Assert.False(ends.IsBeyondPeerFin(new SequenceNumber(10)));
        Assert.True(ends.IsBeyondPeerFin(new SequenceNumber(11)));
    }

    [Theory]
    [InlineData(false, false, false)]
    [InlineData(true, false, true)]
    [InlineData(false, true, true)]
    public void Connection_IsComplete_WhenOurFinIsAcknowledged_AndNothingIsExpected(bool peerFinished, bool discards, bool expected)
    {
        var ends = default(StreamEnds);
        ends.RequestFin();
        ends.OnFinSent();
        if (peerFinished)
        {
            ends.OnPeerFin(new SequenceNumber(1));
            ends.TryReachPeerFin(new SequenceNumber(2));
        }

        if (discards)
        {
            ends.DiscardReceived();
        }

        Assert.False(ends.IsComplete);
        ends.OnFinAcknowledged();

        Assert.Equal(expected, ends.IsComplete);
    }
}

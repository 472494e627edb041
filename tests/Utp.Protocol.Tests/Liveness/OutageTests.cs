using Utp.Protocol.Connections;
using Utp.Protocol.Connections.Failures;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;
using Utp.Transport;

namespace Utp.Protocol.Tests.Liveness;

/// <summary>Interruptions that end: nothing is given up before the idle timeout, and data goes on within a second of the end.</summary>
public sealed class OutageTests
{
    private const int TotalBytes = 3_000_000;

    /// <summary>The receiver's process is stopped: its system holds a few datagrams, and nothing answers.</summary>
    [Theory]
    [InlineData(20)]
    [InlineData(90)]
    [InlineData(140)]
    public void ReceiverThatSleeps_GoesOnWhenItWakes(int seconds)
    {
        var pair = Sending();
        var isAsleep = true;
        pair.Network.Rule = d => isAsleep && d.To == pair.B.Address ? TestNetwork.Drop : TestNetwork.Deliver;
        pair.B.IsGone = true;
        pair.Network.Run(seconds);
        Assert.False(pair.Initiator.IsClosed);

        pair.B.IsGone = isAsleep = false;
        AssertGoesOn(pair, withinSeconds: 10.5);
    }

    [Fact]
    public void SleeperThatSaysAnything_GetsTheDataAtOnce()
    {
        var pair = Sending();
        pair.B.IsGone = true;
        pair.Network.Run(63);

        pair.B.IsGone = false;
        pair.Acceptor.Write([1]);

        AssertGoesOn(pair, withinSeconds: 0.2);
    }

    [Fact]
    public void RetransmissionsInAnOutage_AreAtMostTenSecondsApart()
    {
        var pair = new TestPair();
        pair.B.IsGone = true;
        pair.Initiator.Write([1]);
        var start = pair.Network.Now;

        pair.Network.RunWhile(() => !pair.Initiator.IsReleased, 151);

        var sent = pair.Network.Sent.Where(d => d.Type == PacketType.Data).Select(d => d.SentAt).ToList();
        Assert.All(sent.Zip(sent.Skip(1)).Skip(8), pair => Assert.InRange(pair.Second - pair.First, 9_999_000, 10_001_000));
        Assert.InRange(sent.Count, 18, 24);
        Assert.Equal(UtpCloseReason.RetransmissionTimeout, pair.Initiator.Core.CloseReason);
        Assert.InRange(pair.Initiator.ClosedAt - start, 149_000_000, 151_000_000);
    }

    [Fact]
    public void WithoutAnIdleTimeout_UnacknowledgedDataIsGivenUpAfterFifteenMinutes()
    {
        var pair = new TestPair(new ConnectionSettings { IdleTimeoutMicros = 0 });
        pair.Initiator.Write([1]);
        pair.B.IsGone = true;
        var start = pair.Network.Now;

        pair.Network.RunWhile(() => !pair.Initiator.IsReleased, 1_000);

        Assert.Equal(UtpCloseReason.RetransmissionTimeout, pair.Initiator.Core.CloseReason);
        Assert.InRange(pair.Initiator.ClosedAt - start, 900_000_000, 912_000_000);
    }

    /// <summary>A peer that goes on talking and never acknowledges is no use either.</summary>
    [Fact]
    public void PeerThatTalksAndNeverAcknowledges_IsGivenUpAfterTheIdleTimeout()
    {
        var peer = ScriptedPeer.Dialled(new ConnectionSettings { IdleTimeoutMicros = 60_000_000 });
        peer.Connection.Write([1]);
        var start = peer.Network.Now;
        while (!peer.Connection.IsReleased && peer.Network.Now - start < 100_000_000)
        {
            peer.Network.Run(0.25);
            peer.Data(1);
        }

        Assert.Equal(UtpCloseReason.RetransmissionTimeout, peer.Connection.Core.CloseReason);
        Assert.InRange(peer.Connection.ClosedAt - start, 60_000_000, 75_000_000);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(20)]
    public void RefusedSends_GoOnWithinASecondOfTheEnd_AndCostNoWindow(int seconds)
    {
        var pair = Sending();
        var before = pair.Initiator.Core.Statistics;
        pair.A.RefusesToSend = true;
        pair.Network.Run(seconds);
        Assert.InRange(pair.A.RefusedCount, seconds, (3 * seconds) + 10);

        pair.A.RefusesToSend = false;
        AssertGoesOn(pair, withinSeconds: 0.8);

        var after = pair.Initiator.Core.Statistics;
        Assert.Equal((before.Timeouts, before.CongestionEvents, before.SegmentsLost), (after.Timeouts, after.CongestionEvents, after.SegmentsLost));
        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < TotalBytes, 60);
        Assert.Equal(TestPair.Pattern(TotalBytes), pair.Acceptor.Received);
    }

    /// <summary>The receiver cannot acknowledge for a while. The sender backs off; the first acknowledgement after the outage sets it going.</summary>
    [Fact]
    public void RefusedAcknowledgements_AreSentWithinASecondOfTheEnd()
    {
        var pair = Sending();
        pair.B.RefusesToSend = true;
        pair.Network.Run(20);

        pair.B.RefusesToSend = false;

        AssertGoesOn(pair, withinSeconds: 0.8);
    }

    [Fact]
    public void InterfaceDown_BothWays_GoesOnWithinASecondOfTheEnd()
    {
        var pair = Sending();
        pair.A.RefusesToSend = true;
        pair.Network.Rule = d => d.To == pair.A.Address ? TestNetwork.Drop : TestNetwork.Deliver;
        pair.Network.Run(45);

        pair.A.RefusesToSend = false;
        pair.Network.Rule = _ => TestNetwork.Deliver;

        AssertGoesOn(pair, withinSeconds: 0.8);
    }

    [Fact]
    public void RefusedForever_EndsAtTheIdleTimeout()
    {
        var pair = Sending();
        pair.A.RefusesToSend = true;
        pair.B.RefusesToSend = true;
        pair.Network.RunWhile(() => !(pair.Initiator.IsReleased && pair.Acceptor.IsReleased), 160);

        Assert.NotEqual(UtpCloseReason.Graceful, pair.Initiator.Core.CloseReason);
    }

    /// <summary>The peer goes on talking, so the idle timeout never falls due; the writer must still learn that nothing leaves.</summary>
    [Fact]
    public void RefusedForever_WhileThePeerTalks_IsGivenUpAfterTheIdleTimeout()
    {
        var peer = ScriptedPeer.Dialled(new ConnectionSettings { IdleTimeoutMicros = 60_000_000 });
        peer.Host.RefusesToSend = true;
        peer.Connection.Write([1]);
        var start = peer.Network.Now;
        while (!peer.Connection.IsReleased && peer.Network.Now - start < 100_000_000)
        {
            peer.Network.Run(5);
            peer.State();
        }

        Assert.Equal(UtpCloseReason.RetransmissionTimeout, peer.Connection.Core.CloseReason);
        Assert.InRange(peer.Connection.ClosedAt - start, 59_000_000, 62_000_000);
    }

    private static TestPair Sending()
    {
        var pair = new TestPair(checksInvariants: false);
        pair.Initiator.Write(TestPair.Pattern(TotalBytes));
        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < 200_000);
        return pair;
    }

    private static void AssertGoesOn(TestPair pair, double withinSeconds)
    {
        var received = pair.Acceptor.ReceivedCount;
        Assert.True(received < TotalBytes, "the transfer must not be over before the outage is");
        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount == received, withinSeconds);
        var acknowledged = pair.Initiator.ReleasedCount;
        pair.Network.RunWhile(() => pair.Initiator.ReleasedCount == acknowledged, 0.5);
    }
}

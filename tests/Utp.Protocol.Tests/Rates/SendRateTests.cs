using Utp.Protocol.Connections;
using Utp.Protocol.Rates;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;
using Utp.Transport;

namespace Utp.Protocol.Tests.Rates;

public sealed class SendRateTests
{
    [Theory]
    [InlineData(1_000, 200)]
    [InlineData(20_000, 60)]
    [InlineData(1_000_000, 20)]
    [InlineData(4_000_000, 3)]
    public void Connection_SendsAtItsLimit(int bytesPerSecond, int seconds)
    {
        var pair = new TestPair(new ConnectionSettings { MaxSendBytesPerSecond = bytesPerSecond, ReceiveBufferBytes = 8 * 1024 * 1024 }, delayMicros: 2_000);
        pair.Initiator.Write(new byte[(int)((seconds + 4) * (long)bytesPerSecond)]);
        pair.Network.Run(2);

        var sent = SentDuring(pair, seconds);

        Assert.InRange(sent, 0.98 * bytesPerSecond * seconds, 1.02 * bytesPerSecond * seconds);
        Assert.Equal(0, pair.Initiator.Core.Statistics.SegmentsRetransmitted);
        Assert.Equal(UtpCloseReason.None, pair.Initiator.Core.CloseReason);
    }

    [Fact]
    public void TwoConnectionsOfALimitedClient_HaveEqualShares()
    {
        var shared = Shared(RateDirection.Send, 200_000);
        var (pair, second) = Two(new ConnectionSettings { SharedRates = shared });
        pair.Initiator.Write(new byte[3_000_000]);
        pair.Network.Run(1);
        second.Write(new byte[3_000_000]);
        pair.Network.Run(1);

        var (first, other) = (pair.Initiator.Core.Statistics.BytesSent, second.Core.Statistics.BytesSent);
        pair.Network.Run(20);
        first = pair.Initiator.Core.Statistics.BytesSent - first;
        other = second.Core.Statistics.BytesSent - other;

        Assert.InRange(first + other, 0.98 * 4_000_000, 1.02 * 4_000_000);
        Assert.InRange(first, 0.98 * 2_000_000, 1.02 * 2_000_000);
    }

    /// <summary>What a slower connection leaves is there for the other one.</summary>
    [Fact]
    public void ConnectionWithALowerLimitOfItsOwn_LeavesTheRest()
    {
        var (pair, second) = Two(new ConnectionSettings { SharedRates = Shared(RateDirection.Send, 200_000) });
        second.Core.SetRate(pair.Network.Now, RateDirection.Send, 20_000);
        pair.Initiator.Write(new byte[3_000_000]);
        second.Write(new byte[3_000_000]);
        pair.Network.Run(2);
        var (first, other) = (pair.Initiator.Core.Statistics.BytesSent, second.Core.Statistics.BytesSent);

        pair.Network.Run(10);

        Assert.InRange(second.Core.Statistics.BytesSent - other, 0.97 * 200_000, 1.03 * 200_000);
        Assert.InRange(pair.Initiator.Core.Statistics.BytesSent - first, 0.97 * 1_800_000, 1.03 * 1_800_000);
    }

    [Fact]
    public void ChangedWhileBytesWait_TheNewRateAppliesAtOnce()
    {
        var pair = new TestPair(new ConnectionSettings { MaxSendBytesPerSecond = 1_000 });
        pair.Initiator.Write(new byte[2_000_000]);
        pair.Network.Run(5);

        SetRate(pair, 100_000);

        pair.Network.Run(0.5);
        Assert.InRange(SentDuring(pair, 10), 0.98 * 1_000_000, 1.02 * 1_000_000);
        SetRate(pair, 10_000);
        Assert.InRange(SentDuring(pair, 10), 0.95 * 100_000, 1.05 * 100_000);
    }

    [Fact]
    public void LimitLifted_EverythingLeaves()
    {
        var shared = Shared(RateDirection.Send, 1_000);
        var pair = new TestPair(new ConnectionSettings { SharedRates = shared });
        var bytes = TestPair.Pattern(500_000);
        pair.Initiator.Write(bytes);
        pair.Network.Run(5);
        Assert.InRange(pair.Acceptor.ReceivedCount, 1_000, 10_000);

        shared.Of(RateDirection.Send).SetRate(pair.Network.Now, 0);
        pair.A.Core.HandleRatesChanged(pair.Network.Now);
        pair.A.Drain();

        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < bytes.Length, 10);
        Assert.Equal(bytes, pair.Acceptor.Received);
    }

    /// <summary>A limit that did not exist when the connections began applies to them too.</summary>
    [Fact]
    public void LimitSetOnOpenConnections_Applies()
    {
        var shared = new RateLimit();
        var pair = new TestPair(new ConnectionSettings { SharedRates = shared });
        pair.Initiator.Write(new byte[100_000]);
        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < 100_000, 10);

        shared.Of(RateDirection.Send).SetRate(pair.Network.Now, 50_000);
        pair.A.Core.HandleRatesChanged(pair.Network.Now);
        pair.Initiator.Write(new byte[2_000_000]);

        Assert.InRange(SentDuring(pair, 10), 0.98 * 500_000, 1.02 * 500_000);
    }

    /// <summary>Limits count retransmissions, and do not delay them: the average stays, and no loss becomes a timeout.</summary>
    [Fact]
    public void Losses_AreRepairedAtOnce_AndCount()
    {
        var pair = new TestPair(new ConnectionSettings { MaxSendBytesPerSecond = 100_000 });
        var count = 0;
        pair.Network.Rule = d => d.Type == PacketType.Data && ++count % 20 == 0 ? TestNetwork.Drop : TestNetwork.Deliver;
        pair.Initiator.Write(new byte[3_000_000]);
        pair.Network.Run(2);
        var before = pair.Network.Sent.Count;

        pair.Network.Run(20);

        var payload = pair.Network.Sent.Skip(before).Where(d => d.From == pair.A.Address && d.Type == PacketType.Data).Sum(d => (long)d.PayloadLength);
        Assert.InRange(payload, 0.98 * 2_000_000, 1.02 * 2_000_000);
        Assert.True(pair.Initiator.Core.Statistics.SegmentsRetransmitted > 50);
        Assert.Equal(0, pair.Initiator.Core.Statistics.Timeouts);
    }

    /// <summary>A full packet needs more than a second here; what carries no payload does not wait for it.</summary>
    [Fact]
    public void WhileBytesWait_AcknowledgementsAndKeepAlivesLeave_AndTheFinFollowsTheBytes()
    {
        var pair = new TestPair(new ConnectionSettings { MaxSendBytesPerSecond = 1_000, KeepAliveMicros = 1_000_000, IdleTimeoutMicros = 10_000_000 });
        var bytes = TestPair.Pattern(60_000);
        pair.Initiator.Write(bytes);
        pair.Initiator.Finish();
        pair.Network.Run(10);
        var before = pair.Network.Sent.Count;

        pair.Acceptor.Write([1, 2, 3]);
        pair.Network.Run(0.1);

        Assert.Contains(pair.Network.Sent.Skip(before), d => d.From == pair.A.Address && d.Type == PacketType.State);
        pair.Network.RunWhile(() => !pair.Acceptor.PeerFinished, 80);
        Assert.Equal(bytes, pair.Acceptor.Received);
        Assert.Equal(0, pair.Initiator.Core.Statistics.Timeouts);
    }

    [Fact]
    public void ManyConnectionsAtATinyLimit_NoneStarves()
    {
        const int Count = 20;
        var pair = new TestPair(new ConnectionSettings { SharedRates = Shared(RateDirection.Send, 5_000) });
        var all = new List<TestConnection> { pair.Initiator };
        all.AddRange(Enumerable.Range(1, Count - 1).Select(_ => pair.A.Connect(pair.B, pair.Settings)));
        pair.Network.Run(1);
        all.ForEach(connection => connection.Write(new byte[100_000]));

        pair.Network.Run(400);

        Assert.All(all, connection => Assert.InRange(connection.Core.Statistics.BytesSent, 0.9 * 100_000, 1.1 * 100_000));
        Assert.All(all, connection => Assert.Equal(UtpCloseReason.None, connection.Core.CloseReason));
    }

    /// <summary>Connections that say little do not use up a limit that others need.</summary>
    [Fact]
    public void ShortMessagesOfManyConnections_CostTheirLength()
    {
        var shared = Shared(RateDirection.Send, 1_000_000);
        var now = new Instant(2_000_000);

        var sent = Enumerable.Range(0, 400).Count(_ => new ConnectionRates(shared, 0).MaySend(now, 100, 100));

        Assert.Equal(400, sent);
        Assert.False(new ConnectionRates(shared, 0).MaySend(now, 20_000, 20_000), "40,000 of the 50,000 bytes that idleness had saved are used");
    }

    private static double SentDuring(TestPair pair, double seconds)
    {
        var before = pair.Initiator.Core.Statistics.BytesSent;
        pair.Network.Run(seconds);
        return pair.Initiator.Core.Statistics.BytesSent - before;
    }

    private static void SetRate(TestPair pair, int bytesPerSecond)
    {
        pair.Initiator.Core.SetRate(pair.Network.Now, RateDirection.Send, bytesPerSecond);
        pair.A.Drain();
    }

    private static RateLimit Shared(RateDirection direction, int bytesPerSecond)
    {
        var shared = new RateLimit();
        shared.Of(direction).SetRate(new(1_000_000), bytesPerSecond);
        return shared;
    }

    /// <summary>Two connections of one client; only the dialling side is limited.</summary>
    private static (TestPair Pair, TestConnection Second) Two(ConnectionSettings settings)
    {
        var pair = new TestPair(settings);
        var second = pair.A.Connect(pair.B, settings);
        pair.Network.RunWhile(() => pair.B.Accepted.Count < 2);
        return (pair, second);
    }
}

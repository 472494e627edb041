using Utp.Protocol.Connections;
using Utp.Protocol.Rates;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;
using Utp.Transport;

namespace Utp.Protocol.Tests.Rates;

public sealed class ReceiveRateTests
{
    /// <summary>The widest that a window may be and still be announced as closed: libutp sends nothing into a window below its packet.</summary>
    private const int ClosedBelowBytes = 2 * 1_472;

    [Theory]
    [InlineData(1_000, 400)]
    [InlineData(20_000, 60)]
    [InlineData(1_000_000, 20)]
    [InlineData(4_000_000, 3)]
    public void Connection_ReceivesAtItsLimit(int bytesPerSecond, int seconds)
    {
        var pair = new TestPair(
            new ConnectionSettings { MaxReceiveBytesPerSecond = bytesPerSecond, ReceiveBufferBytes = 8 * 1024 * 1024 }, delayMicros: 2_000);
        pair.Initiator.Write(new byte[(int)((seconds + 12) * (long)bytesPerSecond)]);
        pair.Network.Run(5);

        var received = ReceivedDuring(pair, seconds);

        Assert.InRange(received, 0.98 * bytesPerSecond * seconds, 1.02 * bytesPerSecond * seconds);
        Assert.Equal(0, pair.Initiator.Core.Statistics.SegmentsRetransmitted);
        Assert.Equal(UtpCloseReason.None, pair.Acceptor.Core.CloseReason);
    }

    [Fact]
    public void LimitSetOnAnOpenWindow_DoesNotTakeTheWindowBack()
    {
        var pair = new TestPair();
        pair.Initiator.Write(new byte[4_000_000]);
        pair.Network.Run(0.3);
        long edge = 0;
        var worst = 0L;
        pair.Network.Rule = d =>
        {
            if (d.From == pair.B.Address)
            {
                var announced = pair.Acceptor.ReceivedCount + d.Header.WindowBytes;
                worst = Math.Max(worst, edge - announced);
                edge = Math.Max(edge, announced);
            }

            return TestNetwork.Deliver;
        };
        pair.Network.Run(0.1);

        pair.Acceptor.Core.SetRate(pair.Network.Now, RateDirection.Receive, 20_000);
        pair.B.Drain();
        pair.Network.Run(60);

        Assert.InRange(worst, 0, ClosedBelowBytes);
        Assert.InRange(ReceivedDuring(pair, 30), 0.95 * 600_000, 1.05 * 600_000);
        Assert.Equal(0, pair.Initiator.Core.Statistics.SegmentsRetransmitted);
    }

    [Fact]
    public void LimitLifted_TheWindowOpens()
    {
        var shared = new RateLimit();
        shared.Of(RateDirection.Receive).SetRate(new(1_000_000), 1_000);
        var pair = new TestPair(new ConnectionSettings { SharedRates = shared });
        var bytes = TestPair.Pattern(500_000);
        pair.Initiator.Write(bytes);
        pair.Network.Run(10);
        Assert.InRange(pair.Acceptor.ReceivedCount, 5_000, 20_000);

        shared.Of(RateDirection.Receive).SetRate(pair.Network.Now, 0);
        pair.B.Core.HandleRatesChanged(pair.Network.Now);
        pair.B.Drain();

        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < bytes.Length, 10);
        Assert.Equal(bytes, pair.Acceptor.Received);
    }

    [Fact]
    public void TwoConnectionsOfALimitedListener_HaveEqualShares()
    {
        var shared = new RateLimit();
        shared.Of(RateDirection.Receive).SetRate(new(1_000_000), 200_000);
        var pair = new TestPair(new ConnectionSettings { SharedRates = shared });
        var second = pair.A.Connect(pair.B);
        pair.Network.RunWhile(() => pair.B.Accepted.Count < 2);
        pair.Initiator.Write(new byte[4_000_000]);
        second.Write(new byte[4_000_000]);
        pair.Network.Run(3);
        var before = pair.B.Accepted.Select(connection => connection.ReceivedCount).ToArray();

        pair.Network.Run(20);

        var shares = pair.B.Accepted.Select((connection, i) => connection.ReceivedCount - before[i]).ToArray();
        Assert.InRange(shares.Sum(), 0.98 * 4_000_000, 1.02 * 4_000_000);
        Assert.InRange(shares[0], 0.95 * 2_000_000, 1.05 * 2_000_000);
    }

    /// <summary>A reader that stops fills the limited window, and the limit does not open it for what was not read.</summary>
    [Fact]
    public void SlowReader_IsStillWhatTheWindowWaitsFor()
    {
        var pair = new TestPair(new ConnectionSettings { MaxReceiveBytesPerSecond = 100_000 });
        pair.Acceptor.ReadsEagerly = false;
        pair.Initiator.Write(new byte[500_000]);

        pair.Network.Run(30);
        Assert.InRange(pair.Acceptor.ReceivedCount, 50_000 - ClosedBelowBytes, 50_000);

        pair.Acceptor.ReadsEagerly = true;
        pair.Acceptor.Consume(pair.Acceptor.ReceivedCount);
        pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < 500_000, 10);
    }

    /// <summary>A peer that continues to send to a closed connection is held to the limit until the connection ends.</summary>
    [Fact]
    public void AfterClosing_WhatIsDiscardedIsLimitedToo()
    {
        var pair = new TestPair(new ConnectionSettings { MaxReceiveBytesPerSecond = 20_000 });
        pair.Initiator.Write(new byte[2_000_000]);
        pair.Network.Run(2);
        pair.Acceptor.Write(new byte[1_000_000]);
        pair.Acceptor.Close();
        var before = pair.Network.Sent.Count;

        pair.Network.Run(4);

        var sent = pair.Network.Sent.Skip(before).Where(d => d.From == pair.A.Address && d.Type == PacketType.Data).Sum(d => (long)d.PayloadLength);
        Assert.InRange(sent, 0, 100_000);
    }

    private static double ReceivedDuring(TestPair pair, double seconds)
    {
        var before = pair.Acceptor.ReceivedCount;
        pair.Network.Run(seconds);
        return pair.Acceptor.ReceivedCount - before;
    }
}

using Utp.Protocol.Connections;
using Utp.Protocol.Sending;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Tests.LossRecovery;
using Utp.Transport;

namespace Utp.Protocol.Tests.FlowControl;

/// <summary>
/// A libutp whose application asked for 4 MiB announces them, and still drops what is 1,024 packets or more ahead of a gap. Nothing else about
/// it tells it from a peer that holds everything.
/// </summary>
public sealed class PeerReorderLimitTests
{
    private const int Segment = 1_400;
    private const int LibutpLimit = 1_024;

    // Fewer than 32,768 packets in each test: the receiver counts by number.

    [Fact]
    public void PeerThatDropsBeyond1024_FirstGap_CostsOneRepetitionNoTimeoutAndOneCut()
    {
        var (receiver, connection) = Connect(LibutpLimit);
        LoseOneOf(receiver, connection);

        var statistics = connection.Core.Statistics;
        Assert.InRange(receiver.DroppedAheadCount, 100, 3_000);
        Assert.Equal((0L, 1L), (statistics.Timeouts, statistics.CongestionEvents));
        Assert.InRange(receiver.Transmissions.Values.Max(), 2, 2);
        Assert.InRange(statistics.SegmentsRetransmitted, receiver.DroppedAheadCount + 1, receiver.DroppedAheadCount + 1);
    }

    [Fact]
    public void PeerThatDropsBeyond1024_LaterGaps_CostOnlyThemselves()
    {
        var (receiver, connection) = Connect(LibutpLimit);
        LoseOneOf(receiver, connection);
        var (dropped, retransmitted) = (receiver.DroppedAheadCount, connection.Core.Statistics.SegmentsRetransmitted);

        for (var i = 0; i < 5; i++)
        {
            LoseOneOf(receiver, connection);
        }

        Assert.Equal(dropped, receiver.DroppedAheadCount);
        Assert.InRange(connection.Core.Statistics.SegmentsRetransmitted - retransmitted, 5, 7);
        Assert.Equal(0, connection.Core.Statistics.Timeouts);
    }

    [Fact]
    public void PeerThatDropsBeyond1024_SeveralGapsAtOnce_IsFoundOutToo()
    {
        var (receiver, connection) = Connect(LibutpLimit);
        LoseOneOf(receiver, connection, 0, 1, 40, 300, 700);
        var dropped = receiver.DroppedAheadCount;
        Assert.InRange(dropped, 100, 4_000);

        LoseOneOf(receiver, connection);

        Assert.Equal(dropped, receiver.DroppedAheadCount);
        Assert.Equal(0, connection.Core.Statistics.Timeouts);
    }

    [Fact]
    public void PeerThatDropsBeyond1024_WithoutAGap_GetsAllThatItsWindowTakes()
    {
        var (receiver, connection) = Connect(LibutpLimit);

        Assert.InRange(PeakSpan(receiver, connection, 10_000_000), 2_000, 15_360);
        Assert.Equal(0, receiver.DroppedAheadCount);
    }

    [Fact]
    public void PeerThatKeepsEverything_StaysTrusted_WhateverIsLost()
    {
        var (receiver, connection) = Connect(int.MaxValue);
        for (var i = 0; i < 2; i++)
        {
            LoseOneOf(receiver, connection, 0, 500, 1_023, 1_024, 1_025, 1_040);
        }

        receiver.LosesData = (_, _) => false;
        Assert.InRange(PeakSpan(receiver, connection, 14_000_000), 2_000, 15_360);
        Assert.Equal(0, connection.Core.Statistics.Timeouts);
    }

    private static (ShortMaskReceiver Receiver, TestConnection Connection) Connect(int dropsAhead)
    {
        // CUBIC, because it fills the window soonest.
        var settings = new ConnectionSettings { CongestionControl = UtpCongestionControl.Cubic };
        var network = new TestNetwork { ChecksInvariants = false };
        var receiver = new ShortMaskReceiver(network, network.AddHost(), settings) { WindowBytes = 4 << 20, DropsAhead = dropsAhead };
        Transfer(receiver, receiver.Connection, 10_000_000);
        Assert.Equal(0, receiver.Connection.Core.Statistics.SegmentsRetransmitted);
        return (receiver, receiver.Connection);
    }

    /// <summary>Transfers, and loses the first transmission of the packets at these distances behind one in the middle of it.</summary>
    private static void LoseOneOf(ShortMaskReceiver receiver, TestConnection connection, params int[] distances)
    {
        var gap = receiver.Transmissions.Count + 1_000;
        distances = distances.Length == 0 ? [0] : distances;
        receiver.LosesData = (number, count) => count == 1 && Array.IndexOf(distances, number - gap) >= 0;
        Transfer(receiver, connection, 4_900_000);
    }

    private static int PeakSpan(ShortMaskReceiver receiver, TestConnection connection, int bytes)
    {
        var (end, peak) = (receiver.DeliveredBytes + bytes, 0L);
        connection.Write(TestPair.Pattern(bytes));
        receiver.RunWhile(() =>
        {
            peak = Math.Max(peak, connection.Core.Statistics.FlightBytes / Segment);
            return receiver.DeliveredBytes < end;
        });
        return (int)peak;
    }

    private static void Transfer(ShortMaskReceiver receiver, TestConnection connection, int bytes)
    {
        var end = receiver.DeliveredBytes + bytes;
        connection.Write(TestPair.Pattern(bytes));
        receiver.RunWhile(() => receiver.DeliveredBytes < end || connection.Core.Statistics.FlightBytes > 0);
    }
}

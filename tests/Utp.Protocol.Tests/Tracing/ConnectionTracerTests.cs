using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Time;
using Utp.Protocol.Tracing;
using Utp.Simulation.Randomness;
using Utp.Transport;

namespace Utp.Protocol.Tests.Tracing;

/// <summary>What a connection tells its trace, and that telling changes nothing.</summary>
public sealed class ConnectionTracerTests
{
    private const int Length = 2_000_000;

    [Fact]
    public void Transfer_IsTracedFromItsBeginToItsEnd()
    {
        var records = Transfer(_ => TestNetwork.Deliver, out var pair);

        Assert.Equal(TraceEvent.Opened, records[0].Event);
        Assert.Equal((TraceEvent.Closed, UtpCloseReason.Graceful), (records[^1].Event, records[^1].CloseReason));
        Assert.Equal(1, records.Count(record => record.Event == TraceEvent.Opened));
        Assert.Equal(1, records.Count(record => record.Event == TraceEvent.Closed));
        Assert.All(records, record => Assert.Equal(("1", true, pair.B.Address), (record.ConnectionId, record.IsInitiator, record.Remote)));
        Assert.Equal(records.Select(record => record.Time.Micros).Order(), records.Select(record => record.Time.Micros));
    }

    [Fact]
    public void LastSample_AgreesWithTheCounters()
    {
        var records = Transfer(_ => TestNetwork.Deliver, out var pair);

        var last = records.Last(record => record.Event == TraceEvent.Metrics).Statistics;
        Assert.Equal((Length, Length), (last.BytesSent, last.BytesAcknowledged));
        Assert.Equal(pair.Initiator.Core.Statistics.SegmentsSent, last.SegmentsSent);
    }

    [Fact]
    public void Samples_KeepTheirDistance_UnlessSomethingHappened()
    {
        var records = Transfer(_ => TestNetwork.Deliver, out _);

        var last = new Instant(long.MinValue / 2);
        var happened = true;
        foreach (var record in records)
        {
            if (record.Event != TraceEvent.Metrics)
            {
                happened = true;
                continue;
            }

            Assert.True(happened || record == records[^2] || record.Time - last >= ConnectionTracer.IntervalMicros, $"{record.Time} follows {last}");
            (last, happened) = (record.Time, false);
        }
    }

    [Fact]
    public void Rates_AreThoseOfTheTransfer()
    {
        var records = Transfer(_ => TestNetwork.Deliver, out _);

        // What the rates say was delivered, and what was.
        var samples = records.Where(record => record.Event == TraceEvent.Metrics).ToList();
        var sum = 0.0;
        for (var i = 1; i < samples.Count; i++)
        {
            sum += samples[i].DeliveryBytesPerSecond * (samples[i].Time - samples[i - 1].Time) / 1e6;
        }

        Assert.InRange(sum, 0.8 * Length, 1.2 * Length);
    }

    [Fact]
    public void Losses_AreTracedOneByOne_AndAllCounted()
    {
        var random = new SeededRandomSource(7);
        var records = Transfer(datagram => datagram.Bytes.Length > 1_000 && random.NextDouble() < 0.01 ? TestNetwork.Drop : TestNetwork.Deliver, out var pair);

        var statistics = pair.Initiator.Core.Statistics;
        Assert.Equal(0, statistics.Timeouts);
        Assert.InRange(statistics.SegmentsLost, 5, 100);
        var losses = records.Where(record => record.Event == TraceEvent.SegmentLost).ToList();
        Assert.Equal(statistics.SegmentsLost, losses.Count);
        Assert.All(losses, loss => Assert.InRange(loss.LostBytes, 1, 1_452));
    }

    [Fact]
    public void Timeout_IsTracedWithWhatItTookForLost()
    {
        // Two seconds of silence, in the middle of the transfer.
        var records = Transfer(datagram => datagram.SentAt.Micros is > 1_150_000 and < 3_150_000 ? TestNetwork.Drop : TestNetwork.Deliver, out var pair);

        var timeouts = records.Where(record => record.Event == TraceEvent.TimedOut).ToList();
        var statistics = pair.Initiator.Core.Statistics;
        Assert.NotEmpty(timeouts);
        Assert.Equal(statistics.Timeouts, timeouts.Count);
        Assert.Equal(statistics.SegmentsLost, timeouts.Sum(record => record.LostCount) + records.Count(record => record.Event == TraceEvent.SegmentLost));
    }

    [Fact]
    public void Phases_FollowFromEachOther()
    {
        var random = new SeededRandomSource(7);
        var records = Transfer(datagram => datagram.Bytes.Length > 1_000 && random.NextDouble() < 0.01 ? TestNetwork.Drop : TestNetwork.Deliver, out _);

        var changes = records.Where(record => record.Event == TraceEvent.PhaseChanged).ToList();
        Assert.Equal(("", "slow-start"), (changes[0].PreviousPhase, changes[0].Phase));
        Assert.Contains(changes, change => change.Phase == "recovery");
        for (var i = 1; i < changes.Count; i++)
        {
            Assert.Equal(changes[i - 1].Phase, changes[i].PreviousPhase);
            Assert.NotEqual(changes[i].PreviousPhase, changes[i].Phase);
        }
    }

    [Fact]
    public void Request_ThatNobodyAnswers_IsTracedAsClosedOnly()
    {
        var records = new Recorder();
        var pair = new TestPair(connect: false, trace: records);
        pair.Network.Rule = _ => TestNetwork.Drop;
        var connection = pair.A.Connect(pair.B);

        pair.Network.RunWhile(() => !connection.IsClosed);

        var record = Assert.Single(records.Records);
        Assert.Equal((TraceEvent.Closed, UtpCloseReason.ConnectTimeout), (record.Event, record.CloseReason));
    }

    [Fact]
    public void Trace_ChangesNothing()
    {
        Assert.Equal(Datagrams(new Recorder()), Datagrams(null));

        static List<string> Datagrams(ITraceSink? trace)
        {
            var random = new SeededRandomSource(7);
            var pair = new TestPair(trace: trace);
            pair.Network.Rule = _ => random.NextDouble() < 0.02 ? TestNetwork.Drop : TestNetwork.Deliver;
            pair.Initiator.Write(TestPair.Pattern(300_000));
            pair.Network.RunWhile(() => pair.Acceptor.ReceivedCount < 300_000);
            return pair.Network.Sent.ConvertAll(datagram => Convert.ToHexString(datagram.Bytes));
        }
    }

    private static List<TraceRecord> Transfer(Func<TestDatagram, long[]> rule, out TestPair pair)
    {
        var recorder = new Recorder();
        var transfer = new TestPair(trace: recorder, checksInvariants: false);
        transfer.Network.Rule = rule;
        transfer.Initiator.Write(TestPair.Pattern(Length));
        transfer.Initiator.Finish();
        transfer.Acceptor.Finish();
        transfer.Network.RunWhile(() => !transfer.Initiator.IsClosed);
        Assert.Equal(Length, transfer.Acceptor.ReceivedCount);
        pair = transfer;
        return recorder.Records;
    }

    private sealed class Recorder : ITraceSink
    {
        private int _connections;

        public List<TraceRecord> Records { get; } = [];

        public string NextConnectionId() => $"{++_connections}";

        public void Write(in TraceRecord record) => Records.Add(record);
    }
}

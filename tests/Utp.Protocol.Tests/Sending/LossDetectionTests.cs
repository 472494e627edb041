using Utp.Protocol.Sending;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;
using Utp.Simulation.Network;

namespace Utp.Protocol.Tests.Sending;

public sealed class LossDetectionTests
{
    private const long RoundTripMicros = 40_000;
    private static readonly SequenceNumber First = new(65_530);

    [Fact]
    public void Loss_JustBelowTheRecoveryPoint_IsAnsweredByTheLastCut()
    {
        var losses = new LossDetection(First);
        losses.EnterRecovery(First + 10);

        Assert.True(losses.IsAnswered(First + 9));
    }

    [Fact]
    public void Loss_AtTheRecoveryPoint_CallsForAnotherCut()
    {
        var losses = new LossDetection(First);
        losses.EnterRecovery(First + 10);

        Assert.False(losses.IsAnswered(First + 10));
    }

    [Fact]
    public void Recovery_EndsWhenEverythingSentBeforeTheCutIsAcknowledged()
    {
        var losses = new LossDetection(First);
        losses.OnTimeout(First + 10);

        losses.OnProgress(First + 9);
        Assert.True(losses is { IsInRecovery: true, IsAfterTimeout: true });

        losses.OnProgress(First + 10);
        Assert.True(losses is { IsInRecovery: false, IsAfterTimeout: false });
    }

    [Fact]
    public void ExcusedSegments_CauseNoCutAndNoRetransmissionBeyondTheWindow()
    {
        var losses = new LossDetection(First);

        losses.ExcuseOutstanding(First + 10);

        Assert.True(losses.IsAnswered(First + 9));
        Assert.False(losses.RetransmitsAtOnce);
    }

    /// <summary>A segment is lost at its own time plus the round trip of one sent later, plus a quarter of the smallest round trip.</summary>
    [Theory]
    [InlineData(49_999, LossVerdict.Late)]
    [InlineData(50_000, LossVerdict.Lost)]
    public void MissingSegment_IsLostAfterARoundTripAndAQuarter(long now, object verdict)
    {
        var losses = Acknowledged(First + 1, sentAt: 10);

        Assert.Equal(verdict, Judge(losses, now, First, sentAt: 0, out var lostAt));
        Assert.Equal(new Instant(50_000), lostAt);
    }

    [Theory]
    [InlineData(2, 60_000)]
    [InlineData(16, 80_000)]
    [InlineData(300, 80_000)]
    public void SpuriousRetransmissions_WidenTheTolerance_UpToARoundTrip(int count, long lostAtMicros)
    {
        var losses = Acknowledged(First + 1, sentAt: 10);
        for (var i = 1; i < count; i++)
        {
            losses.OnSpuriousRetransmission();
        }

        Judge(losses, 0, First, sentAt: 0, out var lostAt);

        Assert.Equal(new Instant(lostAtMicros), lostAt);
    }

    [Theory]
    [InlineData(0, 9, LossVerdict.Lost)]
    [InlineData(0, 10, LossVerdict.Lost)]
    [InlineData(1, 10, LossVerdict.OnItsWay)]
    [InlineData(2, 10, LossVerdict.OnItsWay)]
    [InlineData(0, 11, LossVerdict.OnItsWay)]
    public void SegmentSentAtTheSameTime_IsJudgedByItsNumber(int offset, long sentAt, object verdict)
    {
        var losses = Acknowledged(First + 1, sentAt: 10);

        Assert.Equal(verdict, Judge(losses, 1_000_000, First + offset, sentAt, out _));
    }

    /// <summary>A mask of four bytes describes the 32 numbers from the one after the first missing one.</summary>
    [Theory]
    [InlineData(32, LossVerdict.Lost)]
    [InlineData(33, LossVerdict.Unknown)]
    public void SegmentBeyondTheMask_IsNotJudged(int offset, object verdict)
    {
        var losses = Acknowledged(First + 200, sentAt: 10);
        Know(ref losses, PacketType.State, First - 1, [0, 4, 0xFF, 0xFF, 0xFF, 0xFF]);

        Assert.Equal(verdict, Judge(losses, 1_000_000, First + offset, sentAt: 0, out _));
    }

    [Fact]
    public void DataWithoutAMask_SaysNothingAboutGaps()
    {
        var losses = Acknowledged(First + 200, sentAt: 10);
        Know(ref losses, PacketType.Data, First + 4, []);

        Assert.Equal(LossVerdict.Lost, Judge(losses, 1_000_000, First + 4, sentAt: 0, out _));
        Assert.Equal(LossVerdict.Unknown, Judge(losses, 1_000_000, First + 5, sentAt: 0, out _));
    }

    private static LossDetection Acknowledged(SequenceNumber number, long sentAt)
    {
        var losses = new LossDetection(First);
        losses.OnAcknowledged(number, new Instant(sentAt), RoundTripMicros);
        return losses;
    }

    private static LossVerdict Judge(in LossDetection losses, long now, SequenceNumber number, long sentAt, out Instant lostAt)
    {
        var roundTrip = default(RoundTripEstimator);
        roundTrip.AddSample(RoundTripMicros);
        var known = losses;
        return known.Judge(new Instant(now), number, new Segment { SentAt = new Instant(sentAt) }, roundTrip, out lostAt);
    }

    private static void Know(ref LossDetection losses, PacketType type, SequenceNumber acknowledgement, byte[] extension)
    {
        var datagram = new byte[PacketHeader.Size + extension.Length];
        var header = new PacketHeader
        {
            Type = type,
            Extension = extension.Length > 0 ? ExtensionReader.SelectiveAckType : (byte)0,
            ConnectionId = 1,
            Timestamp = 1,
            Sequence = default,
            Acknowledgement = acknowledgement,
        };
        header.Write(datagram);
        extension.CopyTo(datagram, PacketHeader.Size);
        Assert.Equal(PacketParseResult.Packet, PacketView.TryParse(datagram, out var packet));
        losses.OnKnowledge(packet, First + 300);
    }
}

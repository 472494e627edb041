using Utp.Protocol.Connections;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.Acknowledgement;

public sealed class TimestampExchangeTests
{
    private const long AgeMicros = 1_000_000;

    /// <summary>0 and 0x7FFFFFFF mean "none" to peers, so neither is ever sent as a measurement.</summary>
    [Theory]
    [InlineData(5, 5, 1)]
    [InlineData(0x8000_0004, 5, 0x8000_0000)]
    [InlineData(0x8000_0005, 5, 0x8000_0000)]
    [InlineData(4, 5, 0xFFFF_FFFF)]
    public void ReplyDifference_IsNeverOneThatMeansNone(uint now, uint timestamp, uint expected)
    {
        var timestamps = default(TimestampExchange);

        timestamps.OnPacket(new Instant(now), Header(timestamp, 1));

        Assert.Equal(expected, timestamps.ReplyDifference);
        Assert.True(TimestampExchange.IsMeasured(timestamps.ReplyDifference));
    }

    /// <summary>The peer's clock is a second ahead: the offset is in both differences, with opposite signs.</summary>
    [Theory]
    [InlineData(30_000, 30_000)]
    [InlineData(AgeMicros, AgeMicros)]
    [InlineData(AgeMicros + 1, 0)]
    [InlineData(0, 0)]
    [InlineData(-1_000, 0)]
    public void RoundTrip_IsTheSumOfBothDifferences_IfThatIsPossible(int sumMicros, long expected)
    {
        const int Offset = 1_000_000;
        var timestamps = default(TimestampExchange);
        var header = Header(timestamp: Offset, difference: unchecked((uint)(Offset + sumMicros - 7_000)));

        timestamps.OnPacket(new Instant(7_000), header);

        Assert.Equal(expected, timestamps.RoundTripMicros(header, AgeMicros));
    }

    [Theory]
    [InlineData(0, 20_000)]
    [InlineData(20_000, 0)]
    [InlineData(20_000, 0x7FFF_FFFF)]
    public void PacketWithoutAMeasurement_TellsNothing(uint timestamp, uint difference)
    {
        var timestamps = default(TimestampExchange);
        var header = Header(timestamp, difference);

        Assert.Equal(0, timestamps.RoundTripMicros(header, AgeMicros));
        Assert.Equal(0u, TimestampExchange.Answered(header));
        Assert.False(TimestampExchange.IsOlder(TimestampExchange.Answered(header), new Instant(1)));
    }

    /// <summary>The comparison holds when the 32 bits on the wire wrap.</summary>
    [Theory]
    [InlineData(0xFFFF_FFFF, 0x1_0000_0001, true)]
    [InlineData(1, 0xFFFF_FFFF, false)]
    [InlineData(500, 500, false)]
    [InlineData(499, 500, true)]
    public void AnsweredTransmission_IsTheOneBefore(uint answered, long sentAt, bool isOlder) =>
        Assert.Equal(isOlder, TimestampExchange.IsOlder(answered, new Instant(sentAt)));

    private static PacketHeader Header(uint timestamp, uint difference) => new()
    {
        Type = PacketType.State,
        ConnectionId = 1,
        Timestamp = timestamp,
        TimestampDifference = difference,
        Sequence = default,
    };
}

using Utp.Protocol.Time;
using Utp.Simulation.Nodes;
using Utp.Simulation.Randomness;

namespace Utp.Simulation.Tests.Instrument;

public class NodeClockTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(200)]
    [InlineData(-200)]
    public void Clock_WithSkew_GainsTheGivenPartsPerMillion(double skew)
    {
        var clock = new NodeClock(offsetMicros: 5_000, skewPartsPerMillion: skew);

        // 200 ppm of ten minutes are 120 ms.
        var expected = 5_000 + 600_000_000 + (skew * 600);
        Assert.InRange(clock.ToLocal(600 * Nanos.PerSecond).Micros, expected - 1, expected + 1);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(200)]
    [InlineData(-200)]
    [InlineData(3.7)]
    public void Clock_AskedWhenItShowsAnInstant_NamesTheFirstNanosecond(double skew)
    {
        var clock = new NodeClock(offsetMicros: 123_456, skewPartsPerMillion: skew);
        var random = new SeededRandomSource(3);
        for (var i = 0; i < 1_000; i++)
        {
            var local = new Instant(123_456 + 1 + (random.NextUInt32() * 3L));
            var time = clock.ToTrue(local);
            Assert.True(clock.ToLocal(time) >= local);
            Assert.True(clock.ToLocal(time - 1) < local);
        }
    }
}

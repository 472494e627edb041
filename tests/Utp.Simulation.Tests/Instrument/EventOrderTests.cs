using Utp.Simulation.Randomness;

namespace Utp.Simulation.Tests.Instrument;

public class EventOrderTests
{
    [Fact]
    public void Events_AtRandomTimes_HappenInOrderOfTimeAndThenOfInsertion()
    {
        using var run = new SimulationRun(1);
        var random = new SeededRandomSource(7);
        var seen = new List<(long Time, int Number)>();
        for (var i = 0; i < 10_000; i++)
        {
            var number = i;
            run.At(random.NextUInt32() % 500, () => seen.Add((run.Now, number)));
        }

        run.RunUntil(1_000);
        Assert.Equal(10_000, seen.Count);
        Assert.Equal(seen.Order(), seen);
        Assert.Equal(1_000, run.Now);
    }

    [Fact]
    public void Event_InThePast_HappensNow()
    {
        using var run = new SimulationRun(1);
        var at = 0L;
        run.At(500, () => run.At(100, () => at = run.Now));
        run.RunUntil(1_000);
        Assert.Equal(500, at);
    }

    [Fact]
    public void Streams_OfDifferentPurposesOrSeeds_Differ()
    {
        using var first = new SimulationRun(1);
        using var second = new SimulationRun(2);
        var draws = new[] { first.Stream("a"), first.Stream("b"), second.Stream("a"), second.Stream("b") }.Select(stream => stream.NextUInt64());
        Assert.Equal(4, draws.Distinct().Count());
        Assert.Equal(first.Stream("a").NextUInt64(), first.Stream("a").NextUInt64());
    }
}

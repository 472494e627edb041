using Utp.Protocol.Connections;
using Utp.Simulation.Network;
using Utp.Simulation.Randomness;

namespace Utp.Simulation.Tests.Integrity;

/// <summary>How one end of a connection leaves.</summary>
internal enum Departure
{
    /// <summary>Writes everything, finishes, and reads to the end.</summary>
    FinishWhenWritten,

    CloseWhenWritten,

    /// <summary>Closes at a drawn time, whatever is still to be written.</summary>
    CloseAtTime,

    AbortAtTime,
}

/// <summary>What one end does, as drawn from a seed.</summary>
internal sealed record EndPlan(Departure Departure, long DepartsAt, long Bytes, long ReadBitsPerSecond);

/// <summary>A connection between two ends, and the path between them, as drawn from a seed.</summary>
internal sealed record Interleaving(
    LinkSettings Link,
    ConnectionSettings Connection,
    int SendBlockBytes,
    long ReleaseBytes,
    bool IsPathDying,
    long PathDiesAt,
    EndPlan[] Left,
    EndPlan[] Right)
{
    /// <summary>From the narrowest that IPv4 allows to Ethernet.</summary>
    private static readonly int[] Mtus = [0, 576, 1_280, 1_281, 1_400, 1_500];

    public static Interleaving Draw(SeededRandomSource random)
    {
        var connections = 1 + Below(random, 3);
        var isPathDying = Below(random, 5) == 0;
        return new Interleaving(
            DrawLink(random),
            DrawConnection(random),
            1 << (6 + Below(random, 11)),
            1 << Below(random, 16),
            isPathDying,
            isPathDying ? Millis(random, 20_000) : long.MaxValue,
            [.. Enumerable.Range(0, connections).Select(_ => DrawEnd(random))],
            [.. Enumerable.Range(0, connections).Select(_ => DrawEnd(random))]);
    }

    public override string ToString() =>
        $"path dies at {Nanos.ToSeconds(PathDiesAt):F1} s: {IsPathDying}; left [{string.Join(", ", (IEnumerable<EndPlan>)Left)}]; right "
            + $"[{string.Join(", ", (IEnumerable<EndPlan>)Right)}]; {Link}; {Connection}; blocks of {SendBlockBytes}, released by {ReleaseBytes}";

    private static LinkSettings DrawLink(SeededRandomSource random) => new()
    {
        Name = "link",
        PropagationNanos = Millis(random, 60),
        LossProbability = Below(random, 3) == 0 ? 0 : random.NextDouble() * 0.1,
        DuplicateProbability = Below(random, 2) == 0 ? 0 : random.NextDouble() * 0.1,
        ReorderProbability = Below(random, 2) == 0 ? 0 : random.NextDouble() * 0.2,
        ReorderExtraNanos = Millis(random, 30),
        JitterNanos = Below(random, 2) == 0 ? 0 : Millis(random, 20),
        BitsPerSecond = Below(random, 2) == 0 ? 0 : 500_000 + (random.NextUInt32() % 50_000_000),
        QueueBytes = 20_000 + Below(random, 300_000),
        MtuBytes = Mtus[Below(random, Mtus.Length)],
    };

    private static ConnectionSettings DrawConnection(SeededRandomSource random) => new()
    {
        ReceiveBufferBytes = 8_192 << Below(random, 8),
        MaxFlightBytes = 16_384 << Below(random, 8),
        NoDelay = Below(random, 2) == 0,
        AckDelayMicros = Below(random, 40_000),

        // Long enough for the last bytes to get through; bounds that run out have tests of their own.
        LingerMicros = 900_000_000,
        ConnectTimeoutMicros = 60_000_000,
    };

    private static EndPlan DrawEnd(SeededRandomSource random)
    {
        // Most ends leave in an orderly way, so that most runs have something to deliver.
        var departure = Below(random, 10) switch
        {
            < 5 => Departure.FinishWhenWritten,
            < 7 => Departure.CloseWhenWritten,
            7 => Departure.CloseAtTime,
            _ => Departure.AbortAtTime,
        };
        var bytes = Below(random, 4) == 0 ? Below(random, 3) : Below(random, 200_000);
        var readRate = Below(random, 4) == 0 ? 200_000 + (random.NextUInt32() % 2_000_000) : 0;
        return new EndPlan(departure, Millis(random, 5_000), bytes, readRate);
    }

    private static int Below(SeededRandomSource random, int limit) => (int)(random.NextUInt32() % (uint)limit);

    private static long Millis(SeededRandomSource random, int limit) => (long)(random.NextDouble() * limit * Nanos.PerMillisecond);
}

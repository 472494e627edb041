namespace Utp.Simulation.Network;

/// <summary>Initial settings of a link. Rate, propagation, loss and MTU can be changed while it runs.</summary>
internal sealed record LinkSettings
{
    /// <summary>Names the link's random streams and appears in reports; unique within a run.</summary>
    public required string Name { get; init; }

    /// <summary>The rate; zero means that serialisation takes no time, and that there is no queue.</summary>
    public long BitsPerSecond { get; init; }

    public long PropagationNanos { get; init; }

    /// <summary>Drop-tail limit of the queue, including the packet being sent; zero for no limit.</summary>
    public long QueueBytes { get; init; }

    /// <summary>Active queue management at dequeue time, per RFC 8289.</summary>
    public CoDelSettings? CoDel { get; init; }

    public double LossProbability { get; init; }

    public GilbertElliottSettings? BurstLoss { get; init; }

    public double DuplicateProbability { get; init; }

    /// <summary>Probability that a packet is held back by <see cref="ReorderExtraNanos"/>, so that later ones overtake it.</summary>
    public double ReorderProbability { get; init; }

    public long ReorderExtraNanos { get; init; }

    /// <summary>Maximum jitter: each packet is delayed by a further uniform [0, this), and order is preserved.</summary>
    public long JitterNanos { get; init; }

    /// <summary>The longest IP packet that passes; zero for any. A longer one is silently dropped, unless it may be fragmented.</summary>
    public int MtuBytes { get; init; }

    /// <summary>Whether packets longer than <see cref="MtuBytes"/> are dropped even if they may be fragmented.</summary>
    public bool DropsFragments { get; init; }
}

internal sealed record CoDelSettings
{
    public long TargetNanos { get; init; } = 5 * Nanos.PerMillisecond;

    public long IntervalNanos { get; init; } = 100 * Nanos.PerMillisecond;
}

/// <summary>Loss in bursts: a chain of two states that changes before each packet.</summary>
internal sealed record GilbertElliottSettings
{
    public required double GoodToBad { get; init; }

    public required double BadToGood { get; init; }

    public double LossInGood { get; init; }

    public double LossInBad { get; init; } = 1;
}

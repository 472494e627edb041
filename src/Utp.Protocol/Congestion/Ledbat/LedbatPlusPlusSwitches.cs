namespace Utp.Protocol.Congestion.Ledbat;

/// <summary>
/// The refinements of LEDBAT++ beyond the draft. The library always uses <see cref="Default"/>; only experiments turn single ones off, to measure what
/// each is worth. The results are in docs/experiments.md.
/// </summary>
internal sealed record LedbatPlusPlusSwitches
{
    public static LedbatPlusPlusSwitches Default { get; } = new();

    /// <summary>The draft (draft-irtf-iccrg-ledbat-plus-plus) as it stands.</summary>
    public static LedbatPlusPlusSwitches Draft { get; } = new()
    {
        UsesOneWayDelay = false,
        DecreaseConstant = 1,
        ReprobesEmptyPath = false,
        RebasesAfterRouteChange = false,
        StaysBelowShallowBuffers = false,
        SlowsDownForNewcomers = false,
        JoinsSlowdowns = false,
        ReturnsToRevealedPath = false,
        ToleratesRandomLoss = false,
    };

    /// <summary>Whether the queueing delay is the smaller of the one-way and the round-trip estimate, or the round-trip estimate alone.</summary>
    public bool UsesOneWayDelay { get; init; } = true;

    /// <summary>The constant C of the multiplicative decrease. With two, staggered flows converge; the draft has one.</summary>
    public double DecreaseConstant { get; init; } = 2;

    /// <summary>Whether a flow fills a path that stays empty and free of loss faster than by one GAIN per round trip.</summary>
    public bool ReprobesEmptyPath { get; init; } = true;

    /// <summary>Whether a flow at the minimum window, with a steady round trip far above its base, assumes that the route has changed.</summary>
    public bool RebasesAfterRouteChange { get; init; } = true;

    /// <summary>Whether a loss that happens with a standing queue below the target lowers the target.</summary>
    public bool StaysBelowShallowBuffers { get; init; } = true;

    /// <summary>Whether a slowdown comes early when delay has shrunk the window by an eighth, so that a new flow sees the empty path.</summary>
    public bool SlowsDownForNewcomers { get; init; } = true;

    /// <summary>Whether a flow that has not seen an empty path for ten seconds joins another's slowdown.</summary>
    public bool JoinsSlowdowns { get; init; } = true;

    /// <summary>Whether a slowdown that reveals a lower base delay ends at a proportionally smaller window.</summary>
    public bool ReturnsToRevealedPath { get; init; } = true;

    /// <summary>Whether losses that depend neither on the queue nor on the rate leave the window alone.</summary>
    public bool ToleratesRandomLoss { get; init; } = true;
}

namespace Utp.Simulation.Tests.Catalogue;

/// <summary>
/// An experiment of the catalogue, run with <c>UTP_EXPERIMENTS=run</c> (or <c>write</c>) and otherwise skipped visibly: some bars are not held
/// yet, and no bar is lowered to make them look held.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class CatalogueTheoryAttribute : TheoryAttribute
{
    public CatalogueTheoryAttribute() => Skip = CatalogueFactAttribute.Reason;
}

/// <summary>As <see cref="CatalogueTheoryAttribute"/>, for an experiment without a seed.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class CatalogueFactAttribute : FactAttribute
{
    internal static readonly string? Reason = Environment.GetEnvironmentVariable(Snapshot.Variable) is "run" or "write"
        ? null
        : $"An experiment of the catalogue; set {Snapshot.Variable}=run to run it. See docs/experiments.md.";

    public CatalogueFactAttribute() => Skip = Reason;
}

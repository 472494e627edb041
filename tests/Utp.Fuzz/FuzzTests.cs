namespace Utp.Fuzz;

public sealed class FuzzTests
{
    public static TheoryData<string> TargetNames { get; } = new(FuzzRunner.Targets.Select(t => t.Name));

    [Theory]
    [MemberData(nameof(TargetNames))]
    public void Target_OverManySeeds_HoldsItsStatements(string name)
    {
        var target = FuzzRunner.Targets.Single(t => t.Name == name);

        FuzzRunner.Run(target, FuzzRunner.FirstSeed, FuzzRunner.RunsFor(target));
    }
}

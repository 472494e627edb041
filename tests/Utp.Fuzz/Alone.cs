namespace Utp.Fuzz;

/// <summary>Tests that weigh the process's memory, and so cannot run beside others.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}

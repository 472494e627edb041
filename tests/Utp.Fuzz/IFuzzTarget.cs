namespace Utp.Fuzz;

/// <summary>Something to be fuzzed. A run is a function of its seed, and throws when a statement about the core turned out false.</summary>
internal interface IFuzzTarget
{
    string Name { get; }

    /// <summary>Runs that fit into an ordinary test run.</summary>
    int QuickRuns { get; }

    void Run(ulong seed);
}

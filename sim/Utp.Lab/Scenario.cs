using Utp.Simulation.Network;
using Utp.Simulation.Probes;

namespace Utp.Lab;

/// <summary>Who sends, from when to when.</summary>
internal enum FlowKind
{
    Utp,
    Cubic,
    Reno,
}

internal sealed record LabFlow(FlowKind Kind, double StartSeconds, double StopSeconds);

/// <summary>One experiment, such that the simulator and the kernel can both do it.</summary>
internal sealed record Scenario
{
    public required string Name { get; init; }

    public required string Title { get; init; }

    public double RateMbit { get; init; } = 20;

    public double RoundTripMs { get; init; } = 40;

    public double BufferMs { get; init; } = 200;

    /// <summary>What the path does to packets besides delaying and queueing them.</summary>
    public LinkSettings Impairments { get; init; } = new() { Name = "forward" };

    public required IReadOnlyList<LabFlow> Flows { get; init; }

    public required double Seconds { get; init; }

    public required Func<Recording, IEnumerable<Figure>> Figures { get; init; }

    /// <summary>Payload that full uTP segments could carry.</summary>
    public double CeilingMbit => RateMbit * 1_452 / 1_514;
}

/// <summary>A figure, and how far simulation and measurement may lie apart.</summary>
internal sealed record Figure(string What, double Value, double Tolerance);

/// <summary>What a run of a scenario recorded, simulated or measured.</summary>
internal sealed record Recording(Func<int, double, double, double> GoodputMbit, Func<double, double, Distribution> QueueMs);

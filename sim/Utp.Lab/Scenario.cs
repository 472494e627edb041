using Utp.Simulation.Network;
using Utp.Simulation.Probes;

namespace Utp.Lab;

/// <summary>The kinds of senders.</summary>
internal enum FlowKind
{
    Utp,
    Cubic,
    Reno,
}

internal sealed record LabFlow(FlowKind Kind, double StartSeconds, double StopSeconds);

/// <summary>One experiment that both the simulator and the kernel can run.</summary>
internal sealed record Scenario
{
    public required string Name { get; init; }

    public required string Title { get; init; }

    public double RateMbit { get; init; } = 20;

    public double RoundTripMs { get; init; } = 40;

    public double BufferMs { get; init; } = 200;

    /// <summary>Impairments of the path besides delay and queue.</summary>
    public LinkSettings Impairments { get; init; } = new() { Name = "forward" };

    public required IReadOnlyList<LabFlow> Flows { get; init; }

    public required double Seconds { get; init; }

    public required Func<Recording, IEnumerable<Figure>> Figures { get; init; }

    /// <summary>Payload rate that full uTP segments can reach.</summary>
    public double CeilingMbit => RateMbit * 1_452 / 1_514;
}

/// <summary>A figure, and the tolerance between simulation and measurement.</summary>
internal sealed record Figure(string What, double Value, double Tolerance);

/// <summary>The recording of a run of a scenario, simulated or measured.</summary>
internal sealed record Recording(Func<int, double, double, double> GoodputMbit, Func<double, double, Distribution> QueueMs);

using Utp.Protocol.Connections;
using Utp.Simulation.Probes;
using Utp.Simulation.Scenarios;
using Utp.Simulation.Tcp;

namespace Utp.Lab;

/// <summary>Runs a scenario in the simulator.</summary>
internal static class SimulatedRun
{
    private const int BufferBytes = 16 * 1024 * 1024;

    public static IReadOnlyList<Figure> Measure(Scenario scenario, ulong seed)
    {
        using var lab = new Dumbbell(seed, new DumbbellSettings
        {
            RateMbit = scenario.RateMbit,
            RoundTripMs = scenario.RoundTripMs,
            BufferMs = scenario.BufferMs,
            Impairments = scenario.Impairments,
        });
        var series = scenario.Flows.Select(flow => Add(lab, flow)).ToList();
        lab.RunUntil(scenario.Seconds);
        return [.. scenario.Figures(new Recording((flow, from, to) => series[flow].GoodputMbit(from, to), lab.Probe.QueueMs))];
    }

    private static FlowSeries Add(Dumbbell lab, LabFlow flow) => flow.Kind switch
    {
        FlowKind.Cubic => lab.AddTcp(TcpVariant.Cubic, flow.StartSeconds, flow.StopSeconds).Series,
        FlowKind.Reno => lab.AddTcp(TcpVariant.Reno, flow.StartSeconds, flow.StopSeconds).Series,
        _ => lab.AddUtp(
            new UtpFlowSettings
            {
                Connection = new ConnectionSettings { ReceiveBufferBytes = BufferBytes, MaxFlightBytes = BufferBytes },
                Transfer = new() { BytesToSend = long.MaxValue, SendBufferBytes = BufferBytes },
            },
            flow.StartSeconds).Series,
    };
}

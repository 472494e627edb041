using Utp.Simulation.Network;
using Utp.Simulation.Probes;
using Utp.Simulation.Tcp;

namespace Utp.Simulation.Scenarios;

/// <summary>Senders on the left, receivers on the right, one bottleneck between them in each direction.</summary>
internal sealed class Dumbbell : IDisposable
{
    /// <summary>Payload bytes, and bytes on the wire, of a full uTP segment on a path of 1,500 bytes.</summary>
    public const double FullPayload = 1_452;
    public const double FullWire = 1_514;

    private readonly DumbbellSettings _settings;
    private readonly RunTrace? _trace;
    private readonly List<UtpFlow> _utpFlows = [];
    private int _flows;

    public Dumbbell(ulong seed, DumbbellSettings settings)
    {
        _settings = settings;
        Run = new SimulationRun(seed);
        _trace = RunTrace.Start(Run);
        Forward = new Link(Run, settings.ForwardLink());
        Reverse = new Link(Run, settings.ReverseLink());
        Probe = new Probe(Run, Forward);
        ReverseProbe = new Probe(Run, Reverse);
    }

    public SimulationRun Run { get; }

    public Link Forward { get; }

    public Link Reverse { get; }

    /// <summary>Flows from left to right, and the forward queue.</summary>
    public Probe Probe { get; }

    /// <summary>Flows from right to left, and the reverse queue.</summary>
    public Probe ReverseProbe { get; }

    /// <summary>Payload rate in Mbit/s that full uTP segments can reach.</summary>
    public double CeilingMbit => _settings.RateMbit * FullPayload / FullWire;

    public (UtpFlow Flow, FlowSeries Series) AddUtp(UtpFlowSettings settings, double startSeconds = 0, double extraRoundTripMs = 0)
    {
        var number = _flows++;
        var name = $"utp{number}";
        var flow = new UtpFlow(Run, name, number, settings with { Trace = settings.Trace ?? _trace?.For(name) });
        _utpFlows.Add(flow);
        var access = extraRoundTripMs == 0 ? null
            : new Link(Run, new LinkSettings { Name = name + "/access", PropagationNanos = Nanos.FromMilliseconds(extraRoundTripMs) });
        flow.Wire(
            access is null ? new Route(flow.Right, Forward) : new Route(flow.Right, access, Forward),
            new Route(flow.Left, Reverse));
        Run.At(Nanos.FromSeconds(startSeconds), flow.Start);
        return (flow, Probe.Add(flow, $"uTP {number + 1}"));
    }

    public (TcpFlow Flow, FlowSeries Series) AddTcp(TcpVariant variant, double startSeconds, double stopSeconds = double.PositiveInfinity,
        bool isReverse = false)
    {
        var name = $"{variant}{_flows++}";
        var (there, back) = isReverse ? (Reverse, Forward) : (Forward, Reverse);
        var flow = new TcpFlow(Run, variant, node => new Route(node, there), node => new Route(node, back));
        Run.At(Nanos.FromSeconds(startSeconds), flow.Sender.Start);
        if (double.IsFinite(stopSeconds))
        {
            Run.At(Nanos.FromSeconds(stopSeconds), flow.Sender.Stop);
        }

        return (flow, (isReverse ? ReverseProbe : Probe).Add(flow, variant == TcpVariant.Cubic ? "CUBIC" : "Reno"));
    }

    public void At(double seconds, Action action) => Run.At(Nanos.FromSeconds(seconds), action);

    /// <exception cref="SimulationException">A flow has switched segmentation offload off: no congestion may look like trains that are lost.</exception>
    public void RunUntil(double seconds)
    {
        Run.RunUntil(Nanos.FromSeconds(seconds));
        if (_utpFlows.Find(flow => flow.Left.Core.Trains.SuspensionCount > 0) is { } misled)
        {
            throw new SimulationException($"{misled.Left.Name} took congestion for trains that vanish.");
        }
    }

    public void Dispose()
    {
        _trace?.Dispose();
        Run.Dispose();
    }
}

/// <summary>The common settings of the experiments: 20 Mbit/s, 40 ms round trip, 200 ms of buffer.</summary>
internal sealed record DumbbellSettings
{
    public double RateMbit { get; init; } = 20;

    public double RoundTripMs { get; init; } = 40;

    public double BufferMs { get; init; } = 200;

    public CoDelSettings? CoDel { get; init; }

    /// <summary>Rate of the reverse direction; zero means that it has no bottleneck.</summary>
    public double ReverseRateMbit { get; init; }

    public double ReverseBufferMs { get; init; } = 200;

    /// <summary>Further impairments of the forward link; its rate, delay and queue are set from the above.</summary>
    public LinkSettings Impairments { get; init; } = new() { Name = "forward" };

    public LinkSettings ForwardLink() => Impairments with
    {
        Name = "forward",
        BitsPerSecond = (long)(RateMbit * 1e6),
        PropagationNanos = Nanos.FromMilliseconds(RoundTripMs / 2),
        QueueBytes = (long)(RateMbit * 1e6 / 8 * BufferMs / 1e3),
        CoDel = CoDel,
    };

    public LinkSettings ReverseLink() => new()
    {
        Name = "reverse",
        BitsPerSecond = (long)(ReverseRateMbit * 1e6),
        PropagationNanos = Nanos.FromMilliseconds(RoundTripMs / 2),
        QueueBytes = (long)(ReverseRateMbit * 1e6 / 8 * ReverseBufferMs / 1e3),
    };
}

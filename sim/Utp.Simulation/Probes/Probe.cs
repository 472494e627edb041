using Utp.Simulation.Network;

namespace Utp.Simulation.Probes;

/// <summary>
/// Samples a link's true queue and the flows that use it, twenty times per second of virtual time, without changing anything.
/// </summary>
internal sealed class Probe : IEventTarget
{
    public const long IntervalNanos = 50 * Nanos.PerMillisecond;

    private readonly SimulationRun _run;
    private readonly Link _link;
    private readonly int _target;
    private readonly List<long> _queueNanos = [];

    public Probe(SimulationRun run, Link link)
    {
        _run = run;
        _link = link;
        _target = run.Register(this);
        run.Schedule(0, _target, 0);
    }

    public List<FlowSeries> Flows { get; } = [];

    /// <summary>Flows must be added before the run starts, so that all series have the same length.</summary>
    public FlowSeries Add(IMeasuredFlow flow, string name)
    {
        var series = new FlowSeries(flow, name);
        Flows.Add(series);
        return series;
    }

    /// <summary>Gets the true queueing delay of the link in a window of the run.</summary>
    public Distribution QueueMs(double fromSeconds, double toSeconds)
    {
        var from = IndexAt(fromSeconds);
        var values = new double[IndexAt(toSeconds) - from];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = Nanos.ToMilliseconds(_queueNanos[from + i]);
        }

        return new Distribution(values);
    }

    public double QueueMsAt(double seconds) => Nanos.ToMilliseconds(_queueNanos[IndexAt(seconds)]);

    internal static int IndexAt(double seconds) => (int)Math.Round(seconds * Nanos.PerSecond / IntervalNanos);

    void IEventTarget.OnEvent(int tag)
    {
        _queueNanos.Add(_link.QueueDelayNanos);
        foreach (var flow in Flows)
        {
            flow.Sample();
        }

        _run.Schedule(_run.Now + IntervalNanos, _target, 0);
    }
}

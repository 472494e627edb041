using Utp.Protocol.Congestion;
using Utp.Simulation;
using Utp.Simulation.Randomness;

namespace Utp.Protocol.Tests.Congestion.Model;

/// <summary>
/// Senders that share one drop-tail bottleneck, for closing the loop around a controller without the protocol. A FIFO's departure times are
/// known on entry, so a segment costs one event: its acknowledgement. Time is in nanoseconds, and a seed determines a run.
/// </summary>
internal sealed class BottleneckModel
{
    public const int SegmentBytes = 1_452;
    private const int OverheadBytes = 62;
    private const long SecondNanos = 1_000_000_000;
    private const long SampleNanos = 50_000_000;

    private readonly PriorityQueue<(ModelFlow? Flow, long Number, long Arrived), (long At, long Order)> _events = new();
    private readonly List<(long At, long QueueNanos)> _queue = [];
    private readonly Dictionary<(ModelFlow Flow, long At), long> _delivered = [];
    private readonly List<ModelFlow> _flows = [];
    private readonly SeededRandomSource _random;
    private long _order;
    private long _free;

    public BottleneckModel(ulong seed = 1) => _random = new SeededRandomSource(seed);

    public double BitsPerSecond { get; init; } = 20e6;

    public long BufferNanos { get; init; } = 200_000_000;

    public double Loss { get; init; }

    public long JitterNanos { get; init; }

    /// <summary>From when on the path to the peer is longer by how much.</summary>
    public (long AtNanos, long Nanos) RouteChange { get; init; } = (long.MaxValue, 0);

    /// <summary>What the way back adds at a given time.</summary>
    public Func<long, long>? ReverseDelayAt { get; init; }

    public long Drops { get; private set; }

    public IReadOnlyList<ModelFlow> Flows => _flows;

    /// <summary>What all flows together can deliver, in bytes per second.</summary>
    public double PayloadCeiling => BitsPerSecond / 8 * SegmentBytes / (SegmentBytes + OverheadBytes);

    public long Now { get; private set; }

    public Action<long>? OnSample { get; set; }

    public ModelFlow Add(ModelFlow flow)
    {
        _flows.Add(flow);
        return flow;
    }

    public ModelFlow Add(ICongestionController controller, double startSeconds = 0, double stopSeconds = 1e9) =>
        Add(new ModelFlow(controller) { StartNanos = (long)(startSeconds * 1e9), StopNanos = (long)(stopSeconds * 1e9) });

    public BottleneckModel Run(double seconds)
    {
        const long Wake = -1;
        foreach (var flow in _flows)
        {
            Schedule(flow.StartNanos, flow, Wake);
            if (flow.WrittenBytesAt is not null)
            {
                for (var at = flow.StartNanos; at < seconds * 1e9; at += 5_000_000)
                {
                    Schedule(at, flow, Wake);
                }
            }
        }

        Schedule(0, null, 0);
        while (_events.TryDequeue(out var next, out var key) && key.At <= seconds * 1e9)
        {
            Now = key.At;
            if (next.Flow is not { } flow)
            {
                Sample();
                continue;
            }

            if (next.Number >= 0)
            {
                flow.Acknowledge(Now, next.Number, next.Arrived);
            }
            else if (flow.FlightBytes > 0 && Now >= flow.TimeoutAtNanos)
            {
                flow.HandleTimeout(Now);
            }

            SendWhilePossible(flow);
        }

        return this;
    }

    /// <summary>Delivered bytes per second of a flow, as a fraction of what the link carries.</summary>
    public double Utilisation(ModelFlow flow, double from, double to) =>
        (DeliveredAt(flow, to) - DeliveredAt(flow, from)) / (to - from) / PayloadCeiling;

    public double Utilisation(double from, double to) => _flows.Sum(flow => Utilisation(flow, from, to));

    /// <summary>A percentile of the true queue, in milliseconds.</summary>
    public double QueueMillis(double from, double to, double percentile)
    {
        var sorted = _queue.Where(sample => sample.At >= from * 1e9 && sample.At < to * 1e9).Select(sample => sample.QueueNanos).Order().ToList();
        return sorted[Math.Min((int)(percentile * sorted.Count), sorted.Count - 1)] / 1e6;
    }

    public double Jain(double from, double to)
    {
        var shares = _flows.Select(flow => Utilisation(flow, from, to)).ToList();
        return shares.Sum() * shares.Sum() / (shares.Count * shares.Sum(share => share * share));
    }

    private static long Rounded(double seconds) => (long)Math.Round(seconds * 1e9 / SampleNanos) * SampleNanos;

    private double DeliveredAt(ModelFlow flow, double seconds) => _delivered[(flow, Rounded(seconds))];

    private void Schedule(long at, ModelFlow? flow, long number, long arrived = 0) => _events.Enqueue((flow, number, arrived), (at, _order++));

    private void Sample()
    {
        _queue.Add((Now, Math.Max(0, _free - Now)));
        foreach (var flow in _flows)
        {
            _delivered[(flow, Now)] = flow.DeliveredBytes;
        }

        OnSample?.Invoke(Now);
        Schedule(Now + SampleNanos, null, 0);
    }

    private void SendWhilePossible(ModelFlow flow)
    {
        while (flow.MaySend(Now))
        {
            var number = flow.Send(Now);
            Enqueue(flow, number);
        }

        if (flow.NextPacedNanos > Now && flow.IsActiveAt(Now) && flow.PacedWake != flow.NextPacedNanos)
        {
            flow.PacedWake = flow.NextPacedNanos;
            Schedule(flow.NextPacedNanos, flow, -1);
        }

        if (flow.FlightBytes > 0 && flow.TimeoutAtNanos != long.MaxValue && flow.TimeoutWake <= Now)
        {
            flow.TimeoutWake = flow.TimeoutAtNanos;
            Schedule(flow.TimeoutAtNanos, flow, -1);
        }
    }

    private void Enqueue(ModelFlow flow, long number)
    {
        if (Loss > 0 && _random.NextDouble() < Loss)
        {
            return;
        }

        var wire = (flow.SegmentBytes + OverheadBytes) * 8 * SecondNanos / (long)BitsPerSecond;
        if (Math.Max(0, _free - Now) + wire > BufferNanos)
        {
            Drops++;
            return;
        }

        _free = Math.Max(Now, _free) + wire;
        var arrived = _free + (flow.RoundTripNanos / 2) + (Now >= RouteChange.AtNanos ? RouteChange.Nanos : 0);
        if (JitterNanos > 0)
        {
            arrived = flow.LastArrival = Math.Max(flow.LastArrival, arrived + (long)(_random.NextDouble() * JitterNanos));
        }

        Schedule(arrived + (flow.RoundTripNanos / 2) + (ReverseDelayAt?.Invoke(arrived) ?? 0), flow, number, arrived);
    }
}

namespace Utp.Simulation.Probes;

/// <summary>One flow over time, sampled at the probe's interval.</summary>
internal sealed class FlowSeries(IMeasuredFlow flow, string name)
{
    private readonly List<long> _delivered = [];
    private readonly List<FlowSample> _samples = [];

    public string Name { get; } = name;

    public IReadOnlyList<FlowSample> Samples => _samples;

    public IReadOnlyList<long> Delivered => _delivered;

    public void Sample()
    {
        _delivered.Add(flow.DeliveredBytes);
        _samples.Add(flow.Sample());
    }

    /// <summary>Gets the payload delivered in a window of the run, in Mbit/s.</summary>
    public double GoodputMbit(double fromSeconds, double toSeconds)
    {
        var bytes = _delivered[Probe.IndexAt(toSeconds)] - _delivered[Probe.IndexAt(fromSeconds)];
        return bytes * 8 / (toSeconds - fromSeconds) / 1e6;
    }

    /// <summary>Gets the longest time within a window in which nothing was delivered.</summary>
    public double LongestSilenceSeconds(double fromSeconds, double toSeconds)
    {
        var longest = 0;
        var silent = 0;
        for (var i = Probe.IndexAt(fromSeconds) + 1; i <= Probe.IndexAt(toSeconds); i++)
        {
            silent = _delivered[i] == _delivered[i - 1] ? silent + 1 : 0;
            longest = Math.Max(longest, silent);
        }

        return Nanos.ToSeconds(longest * Probe.IntervalNanos);
    }
}

namespace Utp.Tool.Plot;

/// <summary>One trace file.</summary>
/// <param name="Path">Where it was read from.</param>
/// <param name="Title">What its header calls it.</param>
/// <param name="WallClock">When its times begin; null in virtual time.</param>
/// <param name="Connections">In the order of their first records.</param>
internal sealed record Trace(string Path, string Title, DateTimeOffset? WallClock, IReadOnlyList<TracedConnection> Connections)
{
    /// <summary>Seconds from its start to its last record.</summary>
    public double Seconds => Connections.Count == 0 ? 0 : Connections.Max(connection => connection.Samples.Count == 0 ? 0 : connection.Samples[^1].Seconds);
}

/// <summary>What a trace says about one connection.</summary>
internal sealed class TracedConnection(string id)
{
    public string Id => id;

    public string? Remote { get; set; }

    public string? Algorithm { get; set; }

    public List<TraceSample> Samples { get; } = [];

    /// <summary>Seconds at which a segment was marked lost.</summary>
    public List<double> Losses { get; } = [];

    /// <summary>Seconds at which a retransmission timeout fired.</summary>
    public List<double> Timeouts { get; } = [];

    /// <summary>The controller's phases: each lasts until the next begins.</summary>
    public List<(double Seconds, string Name)> Phases { get; } = [];

    public long BytesSent => Samples.Count == 0 ? 0 : Samples[^1].BytesAcknowledged;

    public long BytesReceived => Samples.Count == 0 ? 0 : Samples[^1].BytesReceived;
}

/// <summary>One <c>recovery:metrics_updated</c>: seconds, bytes, milliseconds.</summary>
internal readonly record struct TraceSample(
    double Seconds,
    double WindowBytes,
    double FlightBytes,
    double RoundTripMs,
    double QueueingMs,
    double TargetMs,
    long BytesAcknowledged,
    long BytesReceived);

/// <summary>Seconds to draw; null for from the first, to the last.</summary>
internal readonly record struct TimeRange(double? From, double? To);

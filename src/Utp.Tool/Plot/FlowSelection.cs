namespace Utp.Tool.Plot;

/// <summary>One connection to draw.</summary>
/// <param name="Name">What the legend calls it.</param>
/// <param name="Connection">What is drawn.</param>
/// <param name="OffsetSeconds">To add to its times.</param>
internal sealed record Flow(string Name, TracedConnection Connection, double OffsetSeconds)
{
    /// <summary>Whether it sends; otherwise its rate is what it receives.</summary>
    public bool IsSender => Connection.BytesSent >= Connection.BytesReceived;
}

/// <summary>Which connections of several traces are drawn, when, and under which names.</summary>
internal sealed class FlowSelection(IReadOnlyList<Trace> traces, bool isByClock)
{
    /// <summary>More lines than this cannot be told apart.</summary>
    private const int MaxFlows = 8;

    /// <summary>Connections with less than this part of the bytes of the largest are left out unless they are asked for.</summary>
    private const double MinShare = 0.01;

    /// <summary>Whether the traces were written at the same time, so that it makes sense to see them side by side.</summary>
    public static bool Overlap(IReadOnlyList<Trace> traces)
    {
        if (traces.Count < 2 || traces.Any(trace => trace.WallClock is null))
        {
            return false;
        }

        return traces.Max(trace => trace.WallClock!.Value) < traces.Min(trace => trace.WallClock!.Value.AddSeconds(trace.Seconds));
    }

    /// <exception cref="ToolException">There is nothing to draw, or no connection of that id.</exception>
    public IReadOnlyList<Flow> Select(IReadOnlyCollection<string> ids)
    {
        var all = traces.SelectMany(trace => trace.Connections.Where(connection => connection.Samples.Count > 1)
            .Select(connection => (Trace: trace, Connection: connection))).ToList();
        if (all.Count == 0)
        {
            throw new ToolException(
                $"There is nothing to draw: no connection in {string.Join(", ", traces.Select(trace => $"'{trace.Path}'"))} was open long enough.");
        }

        if (ids.FirstOrDefault(id => !all.Exists(one => one.Connection.Id == id)) is { } unknown)
        {
            throw new ToolException(
                $"There is no connection '{unknown}'. The connections are {string.Join(", ", all.Select(one => one.Connection.Id).Distinct())}.");
        }

        var chosen = ids.Count > 0 ? all.FindAll(one => ids.Contains(one.Connection.Id))
            : all.FindAll(one => IsOfInterest(one.Connection, all.ConvertAll(other => other.Connection)));
        if (chosen.Count > MaxFlows)
        {
            throw new ToolException(
                $"{chosen.Count} connections are more than a picture shows ({MaxFlows}). Choose with --connection from "
                + $"{string.Join(", ", chosen.Select(one => one.Connection.Id))}.");
        }

        var first = isByClock ? traces.Min(trace => trace.WallClock!.Value) : default;
        var flows = chosen.ConvertAll(one => new Flow(
            NameOf(one.Trace, one.Connection, chosen.Count(other => other.Trace == one.Trace) > 1),
            one.Connection,
            isByClock ? (one.Trace.WallClock!.Value - first).TotalSeconds : 0));
        return [.. flows.OrderBy(flow => flow.Connection.Samples[0].Seconds + flow.OffsetSeconds)];
    }

    /// <summary>Those that send, or receive when nothing sends, and not next to nothing.</summary>
    private static bool IsOfInterest(TracedConnection connection, List<TracedConnection> all)
    {
        var mostSent = all.Max(other => other.BytesSent);
        var mostReceived = all.Max(other => other.BytesReceived);

        // Control messages of a receiving side do not make it a sender.
        return mostSent > MinShare * mostReceived
            ? connection.BytesSent >= MinShare * mostSent
            : connection.BytesReceived >= MinShare * mostReceived;
    }

    private string NameOf(Trace trace, TracedConnection connection, bool hasCompany)
    {
        var file = Path.GetFileNameWithoutExtension(trace.Path);
        var hasSiblings = hasCompany && trace.Connections.Count(other => other.Remote == connection.Remote) > 1;
        var name = connection.Id.Length == 13 && connection.Id.All(c => c is (>= '0' and <= '9') or (>= 'A' and <= 'V'))
            ? OrdinaryNameOf(connection, hasSiblings)
            : connection.Id;
        return traces.Count == 1 ? name : hasCompany ? $"{file}: {name}" : file;
    }

    /// <summary>Ids of the transport say little to people; but they do tell connections to one peer apart.</summary>
    private static string OrdinaryNameOf(TracedConnection connection, bool hasSiblings)
    {
        var peer = $"{connection.Algorithm ?? "uTP"} to {connection.Remote ?? "?"}";
        return hasSiblings ? $"{peer} ({connection.Id[^4..]})" : peer;
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Utp.Simulation.Probes;

namespace Utp.Lab;

/// <summary>
/// A scenario in network namespaces: `utp bench` and iperf3 send, the run records the receivers' own counts, and ping measures the queue.
/// </summary>
internal sealed partial class MeasuredRun
{
    private const int FirstPort = 5_201;

    /// <summary>16 MiB, as in the simulated runs, so that the path is the limit.</summary>
    private const string BufferBytes = "16777216";

    private readonly Scenario _scenario;
    private readonly Lock _lock = new();
    private readonly List<Track> _tracks = [];
    private readonly List<(double Seconds, double Ms)> _pings = [];
    private readonly Stopwatch _clock = new();

    private MeasuredRun(Scenario scenario) => _scenario = scenario;

    public static IReadOnlyList<Figure> Measure(Scenario scenario)
    {
        using var topology = new Topology(scenario);
        using var commands = new Commands();
        var run = new MeasuredRun(scenario);
        var stolen = StolenTicks();
        run.Play(commands);
        if (StolenTicks() - stolen is > 0 and var ticks)
        {
            Console.Error.WriteLine($"{scenario.Name}: the hypervisor took {ticks} ticks away during this run.");
        }

        return [.. scenario.Figures(new Recording(run.GoodputMbit, run.QueueMs))];
    }

    private void Play(Commands commands)
    {
        for (var i = 0; i < _scenario.Flows.Count; i++)
        {
            var track = new Track();
            _tracks.Add(track);
            Listen(commands, _scenario.Flows[i], FirstPort + i, track);
        }

        Thread.Sleep(TimeSpan.FromSeconds(2));
        _clock.Start();
        commands.Start(OnPing, "ip", "netns", "exec", Topology.Sender, "ping", "-i", "0.05", "-w", Text(_scenario.Seconds + 1), Topology.ReceiverAddress);
        foreach (var (flow, i) in _scenario.Flows.Select((flow, i) => (flow, i)).OrderBy(pair => pair.flow.StartSeconds))
        {
            SleepUntil(flow.StartSeconds);
            Send(commands, flow, FirstPort + i);
        }

        SleepUntil(_scenario.Seconds + 1);
    }

    private void Listen(Commands commands, LabFlow flow, int port, Track track)
    {
        if (flow.Kind == FlowKind.Utp)
        {
            Inside(commands, line => OnUtp(track, line), Topology.Receiver,
                [.. Tool(), "bench", "--listen", $"{Topology.ReceiverAddress}:{port}", "--interval", "0.5", "--json", "--receive-buffer", BufferBytes]);
        }
        else
        {
            Inside(commands, line => OnIperf(track, line), Topology.Receiver, "iperf3", "-s", "-1", "-p", Text(port), "-i", "0.5", "-f", "k", "--forceflush");
        }
    }

    private static void Send(Commands commands, LabFlow flow, int port)
    {
        var seconds = Text(Math.Ceiling(flow.StopSeconds - flow.StartSeconds));
        if (flow.Kind == FlowKind.Utp)
        {
            Inside(commands, _ => { }, Topology.Sender, [.. Tool(), "bench", "--connect", $"{Topology.ReceiverAddress}:{port}", "--mode", "send", "--seconds",
                seconds, "--congestion", "LedbatPlusPlus", "--send-buffer", BufferBytes]);
        }
        else
        {
            var algorithm = flow.Kind == FlowKind.Cubic ? "cubic" : "reno";
            Inside(commands, _ => { }, Topology.Sender, "iperf3", "-c", Topology.ReceiverAddress, "-p", Text(port), "-t", seconds, "-C", algorithm);
        }
    }

    private static void Inside(Commands commands, Action<string> onLine, string space, params string[] command) =>
        commands.Start(onLine, "ip", ["netns", "exec", space, .. command]);

    private static string[] Tool() =>
        Environment.GetEnvironmentVariable("UTP_TOOL") is { Length: > 0 } tool
            ? tool.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            : throw new InvalidOperationException("UTP_TOOL is not set. Start the lab with sim/Utp.Lab/run, which sets it.");

    private void OnUtp(Track track, string line)
    {
        using var json = line.StartsWith('{') ? JsonDocument.Parse(line) : null;
        if (json is not null && json.RootElement.TryGetProperty("t", out _) && json.RootElement.TryGetProperty("bytes", out var bytes))
        {
            lock (_lock)
            {
                track.Add(_clock.Elapsed.TotalSeconds, bytes.GetInt64());
            }
        }
    }

    private void OnIperf(Track track, string line)
    {
        var match = IperfInterval().Match(line);
        if (match.Success && !line.Contains("receiver", StringComparison.Ordinal))
        {
            var seconds = Number(match.Groups[2]) - Number(match.Groups[1]);
            lock (_lock)
            {
                track.Add(_clock.Elapsed.TotalSeconds, track.Bytes + (long)(Number(match.Groups[3]) * 1e3 / 8 * seconds));
            }
        }
    }

    private void OnPing(string line)
    {
        var match = PingTime().Match(line);
        if (match.Success)
        {
            lock (_lock)
            {
                _pings.Add((_clock.Elapsed.TotalSeconds, Number(match.Groups[1])));
            }
        }
    }

    private double GoodputMbit(int flow, double from, double to)
    {
        lock (_lock)
        {
            return (_tracks[flow].At(to) - _tracks[flow].At(from)) * 8 / (to - from) / 1e6;
        }
    }

    private Distribution QueueMs(double from, double to)
    {
        lock (_lock)
        {
            var least = _pings.Min(ping => ping.Ms);
            return new Distribution(_pings.Where(ping => ping.Seconds >= from && ping.Seconds < to).Select(ping => ping.Ms - least));
        }
    }

    private void SleepUntil(double seconds)
    {
        var left = TimeSpan.FromSeconds(seconds) - _clock.Elapsed;
        if (left > TimeSpan.Zero)
        {
            Thread.Sleep(left);
        }
    }

    /// <summary>Gets the time that a hypervisor gave to other machines; with much of it, the figures of a run mean little.</summary>
    private static long StolenTicks() =>
        long.Parse(File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[8], CultureInfo.InvariantCulture);

    private static double Number(Group group) => double.Parse(group.Value, CultureInfo.InvariantCulture);

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"([\d.]+)-\s*([\d.]+)\s+sec\s+[\d.]+ [KMG]?Bytes\s+([\d.]+) Kbits/sec")]
    private static partial Regex IperfInterval();

    [GeneratedRegex(@"time=([\d.]+)")]
    private static partial Regex PingTime();

    /// <summary>Bytes received by a time, as reported at intervals.</summary>
    private sealed class Track
    {
        private readonly List<(double Seconds, long Bytes)> _points = [];

        public long Bytes => _points.Count == 0 ? 0 : _points[^1].Bytes;

        public void Add(double seconds, long bytes) => _points.Add((seconds, bytes));

        public double At(double seconds)
        {
            var next = _points.FindIndex(point => point.Seconds >= seconds);
            if (next <= 0)
            {
                return next == 0 ? 0 : Bytes;
            }

            var (before, after) = (_points[next - 1], _points[next]);
            return before.Bytes + ((after.Bytes - before.Bytes) * (seconds - before.Seconds) / (after.Seconds - before.Seconds));
        }
    }
}

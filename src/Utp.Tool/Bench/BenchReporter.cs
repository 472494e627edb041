using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Utp.Tool.Bench;

/// <summary>Prints intervals and summaries, as JSON lines or for people.</summary>
/// <param name="console">Where to.</param>
/// <param name="transport">Its name, for the summary.</param>
/// <param name="isJson">JSON lines.</param>
/// <param name="interval">How often; zero for no intervals.</param>
internal sealed class BenchReporter(ToolConsole console, string transport, bool isJson, TimeSpan interval)
{
    /// <summary>The connection that a listening side reports of; null on a connecting side, whose report is of all its streams.</summary>
    internal sealed record Subject(int Number, EndPoint? Remote);

    /// <summary>Runs a measurement, with a line for each interval while it lasts and its summary at the end.</summary>
    public async Task<BenchSummary> MeasureAsync(BenchMode mode, bool isSender, StreamMeter[] meters, Subject? subject, Func<Task> run)
    {
        using var stop = new CancellationTokenSource();
        var before = ResourceUse.Now;
        var intervals = ReportIntervalsAsync(isSender, meters, subject, before.Time, stop.Token);
        try
        {
            await run().ConfigureAwait(false);
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await intervals.ConfigureAwait(false);
        }

        var summary = new BenchSummary(transport, mode, meters, ResourceUse.Now - before);
        Report(summary, subject);
        return summary;
    }

    private void Report(BenchSummary summary, Subject? subject)
    {
        if (isJson)
        {
            WriteJsonLine(json =>
            {
                WriteSubject(json, subject);
                summary.WriteJson(json);
            });
            return;
        }

        if (subject is not null)
        {
            console.WriteLine($"#{subject.Number} from {subject.Remote}:");
        }

        summary.WriteTo(console);
    }

    private async Task ReportIntervalsAsync(bool isSender, StreamMeter[] meters, Subject? subject, TimeSpan startedAt, CancellationToken cancellationToken)
    {
        if (interval == TimeSpan.Zero)
        {
            return;
        }

        using var timer = new PeriodicTimer(interval);
        var bytesBefore = 0L;
        var timeBefore = TimeSpan.Zero;
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
            {
                var time = System.Diagnostics.Stopwatch.GetElapsedTime(0) - startedAt;
                var bytes = meters.Sum(meter => meter.Bytes);
                var path = isSender ? PathState.Of(meters) : null;
                if (isJson)
                {
                    WriteJsonLine(json => WriteInterval(json, subject, time, bytes, path));
                }
                else
                {
                    var number = subject is null ? string.Empty : $"#{subject.Number} ";
                    console.WriteLine(
                        $"{number}{Units.Seconds(time),10}  {Units.Bytes(bytes),12}  {Units.Rate(bytes - bytesBefore, time - timeBefore),14}{path}");
                }

                (bytesBefore, timeBefore) = (bytes, time);
            }
        }
        catch (OperationCanceledException)
        {
            // The measurement has ended.
        }
    }

    private static void WriteInterval(Utf8JsonWriter json, Subject? subject, TimeSpan time, long bytes, PathState? path)
    {
        WriteSubject(json, subject);
        json.WriteNumber("t", Math.Round(time.TotalSeconds, 3));
        json.WriteNumber("bytes", bytes);
        if (path is not null)
        {
            json.WriteNumber("rttMs", Math.Round(path.RoundTripTime.TotalMilliseconds, 3));
            json.WriteNumber("queueingDelayMs", Math.Round(path.QueueingDelay.TotalMilliseconds, 3));
            json.WriteNumber("congestionWindow", path.CongestionWindow);
        }
    }

    private static void WriteSubject(Utf8JsonWriter json, Subject? subject)
    {
        if (subject is not null)
        {
            json.WriteNumber("connection", subject.Number);
            json.WriteString("remote", subject.Remote?.ToString());
        }
    }

    private void WriteJsonLine(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        buffer.Write("\n"u8);
        console.WriteBytes(buffer.WrittenSpan);
    }

    /// <summary>The paths of the open uTP connections: mean delays, and the windows together.</summary>
    private sealed record PathState(TimeSpan RoundTripTime, TimeSpan QueueingDelay, long CongestionWindow)
    {
        /// <summary>Null when no connection is uTP.</summary>
        public static PathState? Of(StreamMeter[] meters)
        {
            var open = meters.Select(meter => meter.Statistics).OfType<UtpConnectionStatistics>().ToArray();
            return open.Length == 0
                ? null
                : new PathState(
                    TimeSpan.FromMicroseconds(open.Average(statistics => statistics.RoundTripTime.TotalMicroseconds)),
                    TimeSpan.FromMicroseconds(open.Average(statistics => statistics.QueueingDelay.TotalMicroseconds)),
                    open.Sum(statistics => statistics.CongestionWindowBytes));
        }

        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture,
            $"  RTT {Units.Milliseconds(RoundTripTime)}  queue {Units.Milliseconds(QueueingDelay)}  window {Units.Bytes(CongestionWindow)}");
    }
}

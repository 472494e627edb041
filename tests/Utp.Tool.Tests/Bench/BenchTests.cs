using System.Globalization;
using System.Text.Json;
using Utp.Tool.Tests.Harness;

namespace Utp.Tool.Tests.Bench;

public class BenchTests
{
    private static readonly string[] SummaryNames =
    [
        "transport", "mode", "streams", "bytes", "seconds", "megabytesPerSecond", "messagesPerSecond", "connectsPerSecond", "latencyMicros",
        "cpuSeconds", "allocatedBytes", "segmentsSent", "segmentsRetransmitted",
    ];

    [Theory]
    [InlineData("utp", "send", 10_000_000)]
    [InlineData("tcp", "send", 10_000_000)]
    [InlineData("utp", "receive", 10_000_000)]
    [InlineData("tcp", "receive", 10_000_000)]
    [InlineData("utp", "echo", 64_000)]
    [InlineData("tcp", "echo", 64_000)]
    [InlineData("utp", "connect", 20)]
    [InlineData("tcp", "connect", 20)]
    public async Task Bench_Bytes_MovesExactlyThatMany(string transport, string mode, long bytes)
    {
        await using var server = CommandRun.Start("bench", "--listen", "127.0.0.1:0", "--transport", transport, "--json");

        var (exit, output, errors) = await CommandRun.RunAsync(
            "bench", "--connect", $"127.0.0.1:{await server.PortAsync()}", "--transport", transport, "--mode", mode, "--bytes", $"{bytes}", "--streams", "3",
                "--json");

        Assert.Equal(0, exit);
        Assert.Empty(errors);
        var summary = Parse(output[^1]);
        Assert.Equal(SummaryNames, summary.EnumerateObject().Select(property => property.Name));
        Assert.Equal(transport, summary.GetProperty("transport").GetString());
        Assert.Equal(mode, summary.GetProperty("mode").GetString());
        Assert.Equal(3, summary.GetProperty("streams").GetInt32());
        Assert.Equal(mode == "echo" ? RoundUpToMessages(bytes) : bytes, summary.GetProperty("bytes").GetInt64());
        Assert.True(summary.GetProperty("seconds").GetDouble() > 0);
        Assert.True(summary.GetProperty("megabytesPerSecond").GetDouble() >= 0);
        Assert.True(summary.GetProperty("messagesPerSecond").GetDouble() > 0);
        Assert.True(summary.GetProperty("cpuSeconds").GetDouble() > 0);
        Assert.True(summary.GetProperty("allocatedBytes").GetInt64() > 0);
        Assert.Equal(mode == "connect", summary.GetProperty("connectsPerSecond").ValueKind == JsonValueKind.Number);
        Assert.Equal(transport == "utp", summary.GetProperty("segmentsSent").ValueKind == JsonValueKind.Number);
        Assert.Equal(transport == "utp", summary.GetProperty("segmentsRetransmitted").ValueKind == JsonValueKind.Number);
        var latency = summary.GetProperty("latencyMicros");
        Assert.Equal(mode is "echo" or "connect", latency.ValueKind == JsonValueKind.Object);
        if (latency.ValueKind == JsonValueKind.Object)
        {
            Assert.InRange(latency.GetProperty("p50").GetDouble(), 1, latency.GetProperty("p99").GetDouble());
            Assert.True(latency.GetProperty("p99").GetDouble() <= latency.GetProperty("max").GetDouble());
        }
    }

    [Theory]
    [InlineData("send")]
    [InlineData("receive")]
    public async Task Bench_Seconds_ReportsIntervalsOnBothSides(string mode)
    {
        var (ofClient, ofServer) = await RunWithIntervalsAsync(mode);

        AssertIntervals(ofClient, isSender: mode == "send");
        AssertIntervals(ofServer, isSender: mode == "receive");
        Assert.All(ofServer, line => Assert.Equal(1, line.GetProperty("connection").GetInt32()));
        Assert.Equal(ofClient[^1].GetProperty("bytes").GetInt64(), ofServer[^1].GetProperty("bytes").GetInt64());
        Assert.InRange(ofClient[^1].GetProperty("seconds").GetDouble(), 0.5, CommandRun.Patience.TotalSeconds);
    }

    /// <summary>Measures for half a second, and longer if the machine has so much other work that no interval of 50 ms was reported meanwhile.</summary>
    private static async Task<(JsonElement[] OfClient, JsonElement[] OfServer)> RunWithIntervalsAsync(string mode)
    {
        for (var seconds = 0.5; ; seconds *= 2)
        {
            await using var server = CommandRun.Start("bench", "--listen", "127.0.0.1:0", "--json", "--interval", "0.05");
            string[] arguments = ["--mode", mode, "--seconds", seconds.ToString(CultureInfo.InvariantCulture), "--interval", "0.05", "--json"];
            var (exit, output, _) = await CommandRun.RunAsync(["bench", "--connect", $"127.0.0.1:{await server.PortAsync()}", .. arguments]);
            Assert.Equal(0, exit);
            await server.Output.WaitForAsync("megabytesPerSecond", CommandRun.Patience);
            var ofServer = server.Output.Lines;
            if ((output.Length > 1 && ofServer.Length > 1) || seconds > 4)
            {
                return (Array.ConvertAll(output, Parse), Array.ConvertAll(ofServer, Parse));
            }
        }
    }

    [Fact]
    public async Task Bench_NoJson_PrintsLinesForPeople()
    {
        await using var server = CommandRun.Start("bench", "--listen", "127.0.0.1:0");

        var (exit, output, _) =
            await CommandRun.RunAsync("bench", "--connect", $"127.0.0.1:{await server.PortAsync()}", "--bytes", "1000000", "--interval", "0");

        Assert.Equal(0, exit);
        var line = Assert.Single(output);
        Assert.Contains("transport utp, mode send, streams 1, moved 976.6 KiB in ", line, StringComparison.Ordinal);
        await server.Output.WaitForAsync("moved 976.6 KiB in ", CommandRun.Patience);
    }

    [Fact]
    public async Task Bench_Interrupted_EndsBothSides()
    {
        await using var server = CommandRun.Start("bench", "--listen", "127.0.0.1:0");
        await using var client =
            CommandRun.Start("bench", "--connect", $"127.0.0.1:{await server.PortAsync()}", "--mode", "echo", "--seconds", "600", "--interval", "0.05");
        await client.Output.WaitForAsync("RTT", CommandRun.Patience);

        client.Interrupt();
        server.Interrupt();

        Assert.Equal(130, await client.Exit.WaitAsync(CommandRun.Patience));
        Assert.Equal(0, await server.Exit.WaitAsync(CommandRun.Patience));
    }

    private static long RoundUpToMessages(long bytes)
    {
        // Each of three streams has its share, in messages of 64 bytes.
        var shares = new[] { (bytes / 3) + (bytes % 3 > 0 ? 1 : 0), (bytes / 3) + (bytes % 3 > 1 ? 1 : 0), bytes / 3 };
        return shares.Sum(share => (share + 63) / 64 * 64);
    }

    private static void AssertIntervals(JsonElement[] lines, bool isSender)
    {
        var intervals = lines[..^1];
        Assert.NotEmpty(intervals);
        Assert.All(intervals, line => Assert.Equal(isSender, line.TryGetProperty("rttMs", out _)));
        Assert.All(intervals, line => Assert.Equal(isSender, line.TryGetProperty("queueingDelayMs", out _)));
        Assert.All(intervals, line => Assert.Equal(isSender, line.TryGetProperty("congestionWindow", out _)));
        var times = intervals.Select(line => line.GetProperty("t").GetDouble()).ToArray();
        var bytes = intervals.Select(line => line.GetProperty("bytes").GetInt64()).Append(lines[^1].GetProperty("bytes").GetInt64()).ToArray();
        Assert.Equal(times.Order(), times);
        Assert.Equal(bytes.Order(), bytes);
        Assert.True(bytes[^1] > 0);
    }

    private static JsonElement Parse(string line) => JsonDocument.Parse(line).RootElement;
}

using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Utp.Transport.Connections;
using Utp.Transport.Engine;
using Utp.Transport.Tests.Engine;
using Utp.Transport.Tests.Hosting;

namespace Utp.Transport.Tests.Diagnostics;

/// <summary>The trace file of an engine with <see cref="UtpTransportOptions.TracePath"/>.</summary>
public sealed class TraceEndToEndTests : IDisposable
{
    private const int TransferBytes = 4 * 1024 * 1024;
    private readonly string _directory = Directory.CreateTempSubdirectory("utp-trace-").FullName;

    private string TracePath => Path.Combine(_directory, "trace.qlog");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task BulkTransfer_LastMetricsAgreeWithTheCounters()
    {
        var (client, server) = await TransferAsync();

        var trace = TraceLines.Read(TracePath);
        Assert.Equal(2, trace.Connections().Count());
        foreach (var (end, id) in new[] { (client.Statistics, client.Id), (server.Statistics, server.Id) })
        {
            // The trace uses the ids that the connections have in logs.
            var lines = Assert.Single(trace.Connections(), group => group.Key == id).ToList();
            Assert.Equal("connectivity:connection_started", TraceLines.NameOf(lines[0]));
            Assert.Equal("connectivity:connection_closed", TraceLines.NameOf(lines[^1]));
            Assert.Equal("graceful", TraceLines.DataOf(lines[^1]).GetProperty("reason").GetString());
            Assert.Equal("recovery:metrics_updated", TraceLines.NameOf(lines[^2]));
            var last = TraceLines.DataOf(lines[^2]);
            Assert.Equal(end.BytesSent, last.GetProperty("bytes_sent").GetInt64());
            Assert.Equal(end.BytesAcknowledged, last.GetProperty("bytes_acknowledged").GetInt64());
            Assert.Equal(end.BytesReceived, last.GetProperty("bytes_received").GetInt64());
            Assert.Equal(end.SegmentsSent, last.GetProperty("packets_sent").GetInt64());
            Assert.Equal(end.SegmentsRetransmitted, last.GetProperty("packets_retransmitted").GetInt64());
            Assert.Equal(end.RetransmissionTimeouts, last.GetProperty("timeouts").GetInt64());
            Assert.Equal(lines.Select(TraceLines.TimeOf).Order(), lines.Select(TraceLines.TimeOf));
        }

        Assert.Equal(TransferBytes, client.Statistics.BytesAcknowledged);
        Assert.Equal("trace:ended", TraceLines.NameOf(trace.All[^1]));
        Assert.Equal(0, TraceLines.DataOf(trace.All[^1]).GetProperty("dropped").GetInt64());
    }

    [Fact]
    public async Task Samples_AreSpacedWhateverTheNumberOfPackets()
    {
        await TransferAsync();

        // 4 MB are some three thousand packets, and a transfer over loopback takes at most a second.
        var samples = TraceLines.Read(TracePath).Connections().Select(group => group.Count(line => TraceLines.NameOf(line) == "recovery:metrics_updated"));
        Assert.All(samples, count => Assert.InRange(count, 2, 400));
    }

    [Fact]
    public async Task Host_StartsWithAnUnwritableFile_FailsAndSaysWhy()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        // This device exists and is always full.
        using var host = UtpConfigurationJson.Host("""{ "Utp": { "Transport": { "TracePath": "/dev/full" } } }""");

        var error = await Assert.ThrowsAsync<IOException>(() => host.StartAsync().WaitAsync(EngineFixture.Patience));

        Assert.StartsWith("Utp:Transport:TracePath is '/dev/full', which cannot be written: ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/no/such/directory/trace.qlog")]
    [InlineData("")]
    public async Task Host_StartsWithAPathThatCannotBeAFile_NamesKeyValueAndDefault(string path)
    {
        var failures = await UtpConfigurationJson.StartFailuresAsync($$"""{ "Utp": { "Transport": { "TracePath": "{{path}}" } } }""");

        Assert.Equal(
            [$"Utp:Transport:TracePath is '{path}'. Expected the path of a file to write, in a directory that exists. Correct the value, or remove "
                + $"the key to take the default (unset)."],
            failures);
    }

    [Fact]
    public async Task Host_WithATraceInItsConfiguration_WritesIt()
    {
        using (var host = UtpConfigurationJson.Host($$"""{ "Utp": { "Transport": { "TracePath": "{{TracePath}}" } } }"""))
        {
            await host.StartAsync().WaitAsync(EngineFixture.Patience);
            Assert.Equal(TracePath, host.Services.GetRequiredService<IOptions<UtpTransportOptions>>().Value.TracePath);
            await host.StopAsync().WaitAsync(EngineFixture.Patience);
        }

        var trace = TraceLines.Read(TracePath);
        Assert.Equal(["trace:ended"], trace.All.Skip(1).Select(TraceLines.NameOf));
    }

    [Fact]
    public async Task RefusedConnection_IsTracedWithItsReason()
    {
        await using (var engine = NewEngine())
        {
            // uTP has this socket open, but no listener on it.
            var listener = await engine.BindAsync(new IPEndPoint(IPAddress.Loopback, 0), engine.DefaultOptions);
            await listener.UnbindAsync();
            await Assert.ThrowsAsync<System.Net.Sockets.SocketException>(
                () => engine.ConnectAsync(EngineFixture.AddressOf(listener), engine.DefaultOptions, null).AsTask().WaitAsync(EngineFixture.Patience));
            await listener.DisposeAsync();
        }

        var line = Assert.Single(TraceLines.Read(TracePath).Named("connectivity:connection_closed"));
        Assert.Equal("refused", TraceLines.DataOf(line).GetProperty("reason").GetString());
    }

    private UtpEngine NewEngine() => new(
        Microsoft.Extensions.Options.Options.Create(new UtpTransportOptions { TracePath = TracePath }),
        Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance,
        TimeProvider.System);

    /// <summary>Transfers bytes, and stops the engine. The counters are those of the closed connections.</summary>
    private async Task<((UtpConnectionStatistics Statistics, string Id) Client, (UtpConnectionStatistics Statistics, string Id) Server)> TransferAsync()
    {
        UtpConnection client;
        UtpConnection server;
        await using (var engine = NewEngine())
        {
            await using var listener = await engine.BindAsync(new IPEndPoint(IPAddress.Loopback, 0), engine.DefaultOptions);
            var accept = EngineFixture.AcceptAsync(listener);
            client = await engine.ConnectAsync(EngineFixture.AddressOf(listener), engine.DefaultOptions, null);
            var sending = Task.Run(async () =>
            {
                await client.Transport.Output.WriteAsync(new byte[TransferBytes]);
                await client.Transport.Output.CompleteAsync();
            });
            server = await accept;
            var input = server.Transport.Input;
            while (true)
            {
                var read = await input.ReadAsync().AsTask().WaitAsync(EngineFixture.Patience);
                input.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    break;
                }
            }

            await sending.WaitAsync(EngineFixture.Patience);
            await server.Transport.Output.CompleteAsync();
            await client.DisposeAsync();
            await server.DisposeAsync();
        }

        return ((client.ReadStatistics(), client.ConnectionId), (server.ReadStatistics(), server.ConnectionId));
    }
}

using System.Diagnostics;
using System.Globalization;
using Google.Protobuf;
using Microsoft.AspNetCore.SignalR.Client;
using Utp.Consumers.Tests.Grpc;
using Utp.Consumers.Tests.SignalR;
using Utp.Consumers.Tests.Streams;
using Utp.Consumers.Tests.Yarp;
using Xunit.Abstractions;

namespace Utp.Consumers.Tests.Figures;

/// <summary>
/// Measures the consumers over uTP beside TCP and prints the ratios. It asserts nothing about time. docs/consumers.md has the command and the figures.
/// </summary>
[Collection(Alone.Name)]
public sealed class FiguresTests(ITestOutputHelper output)
{
    private const int Rounds = 5;
    private static readonly TimeSpan Run = TimeSpan.FromSeconds(2);

    [FiguresFact]
    public async Task Consumers_BesideTcp()
    {
        var measures = new (string Name, Func<Wire, Task<double>> MeasureAsync)[]
        {
            ("gRPC, unary calls/s, 64 at once", GrpcCallsAsync),
            ("gRPC, messages of 10 MB, MB/s", GrpcBytesAsync),
            ("SignalR over WebSockets, invocations/s, 64 at once", SignalRAsync),
            ("StreamJsonRpc, calls/s, 64 at once", JsonRpcAsync),
            ("SslStream, MB/s", TlsAsync),
            ("YARP in front of TCP, 5 MB there and back, MB/s", YarpAsync),
        };
        output.WriteLine("| Measure | uTP | TCP | Ratio |");
        output.WriteLine("|---|---|---|---|");
        foreach (var (name, measureAsync) in measures)
        {
            var results = new Dictionary<Wire, List<double>> { [Wire.Utp] = [], [Wire.Tcp] = [] };
            for (var round = 0; round < Rounds; round++)
            {
                foreach (var wire in (Wire[])[Wire.Utp, Wire.Tcp])
                {
                    results[wire].Add(await measureAsync(wire));
                }
            }

            var (utp, tcp) = (Median(results[Wire.Utp]), Median(results[Wire.Tcp]));
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {utp:N0} | {tcp:N0} | {utp / tcp:F2} |"));
        }
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static async Task<double> GrpcCallsAsync(Wire wire)
    {
        await using var server = await GrpcTests.StartAsync(wire);
        using var channel = GrpcTests.Connect(server);
        var client = new Echo.EchoClient(channel);
        return await PerSecondAsync(64, async () => await client.OneAsync(new Message { Payload = ByteString.CopyFromUtf8("hello") }));
    }

    private static async Task<double> GrpcBytesAsync(Wire wire)
    {
        await using var server = await GrpcTests.StartAsync(wire);
        using var channel = GrpcTests.Connect(server);
        var client = new Echo.EchoClient(channel);
        var payload = UnsafeByteOperations.UnsafeWrap(new byte[10_000_000]);
        return 20 * await PerSecondAsync(1, async () => await client.OneAsync(new Message { Payload = payload }));
    }

    private static async Task<double> SignalRAsync(Wire wire)
    {
        await using var server = await SignalRTests.StartAsync(wire, raw: false);
        await using var connection = SignalRTests.BuildOverWebSockets(server.Address, server.CreateHandler);
        await connection.StartAsync();
        return await PerSecondAsync(64, () => connection.InvokeAsync<string>("Shout", "hello"));
    }

    private static async Task<double> JsonRpcAsync(Wire wire)
    {
        await using var pair = await StreamPair.ConnectAsync(wire);
        using var server = StreamJsonRpcTests.Attach(pair.Server, new StreamJsonRpcTests.Target());
        using var client = StreamJsonRpcTests.Attach(pair.Client, null);
        return await PerSecondAsync(64, () => client.InvokeAsync<int>("Add", 2, 3));
    }

    private static async Task<double> TlsAsync(Wire wire)
    {
        await using var pair = await StreamPair.ConnectAsync(wire);
        var (client, server) = await SslStreamTests.AuthenticateAsync(pair);
        await using (client)
        await using (server)
        {
            var (sent, received) = (new byte[4_000_000], new byte[4_000_000]);
            return 4 * await PerSecondAsync(1, async () =>
            {
                var reading = server.ReadExactlyAsync(received).AsTask();
                await client.WriteAsync(sent);
                await client.FlushAsync();
                await reading;
            });
        }
    }

    private static async Task<double> YarpAsync(Wire wire)
    {
        await using var backend = await YarpTests.StartBackendAsync(Wire.Tcp, 1);
        await using var proxy = await YarpTests.StartProxyAsync(wire, Wire.Tcp, backend, 1);
        using var client = proxy.CreateClient();
        var sent = new byte[5_000_000];
        return 10 * await PerSecondAsync(1, async () =>
        {
            using var content = new ByteArrayContent(sent);
            using var answer = await client.PostAsync(new Uri("echo", UriKind.Relative), content);
            await answer.Content.ReadAsByteArrayAsync();
        });
    }

    /// <summary>Runs an operation again and again in several loops, after a warm-up, and returns how many ended per second.</summary>
    private static async Task<double> PerSecondAsync(int loops, Func<Task> operation)
    {
        await LoopAsync(loops, Run / 4, operation);
        var watch = Stopwatch.StartNew();
        var count = await LoopAsync(loops, Run, operation);
        return count / watch.Elapsed.TotalSeconds;
    }

    private static async Task<long> LoopAsync(int loops, TimeSpan duration, Func<Task> operation)
    {
        var watch = Stopwatch.StartNew();
        var counts = await Task.WhenAll(Enumerable.Range(0, loops).Select(async _ =>
        {
            var count = 0L;
            for (; watch.Elapsed < duration; count++)
            {
                await operation();
            }

            return count;
        }));
        return counts.Sum();
    }
}

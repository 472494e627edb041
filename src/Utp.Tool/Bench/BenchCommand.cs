using System.CommandLine;
using Utp.Protocol;

namespace Utp.Tool.Bench;

/// <summary><c>utp bench</c>: an iperf for uTP, and for TCP through the same code.</summary>
internal static class BenchCommand
{
    private const int DefaultSeconds = 10;
    private const int DefaultBulkMessage = 65_536;
    private const int DefaultEchoMessage = 64;

    private static readonly Option<string?> Listen = new("--listen") { HelpName = "ADDRESS:PORT", Description = "Serve measurements until Ctrl+C" };
    private static readonly Option<string?> Connect = new("--connect") { HelpName = "HOST:PORT", Description = "Measure against a listening side" };
    private static readonly Option<string?> Mode = new("--mode")
    {
        HelpName = "send|receive|echo|connect",
        Description = "Measure bulk data to or from the listening side, messages back and forth, or connects; send when not given",
    };
    private static readonly Option<long?> Bytes = new("--bytes")
    {
        HelpName = "N",
        Description = "Bytes of all streams together (mode connect: number of connections)",
    };
    private static readonly Option<double?> Seconds = new("--seconds")
    {
        HelpName = "S",
        Description = $"Duration; {DefaultSeconds} when --bytes is not given either",
    };
    private static readonly Option<int?> Streams = TransportFlags.Number(
        "--streams", "K", "Number of connections at the same time; 1 when not given", 1, 10_000);
    private static readonly Option<int?> MessageSize = TransportFlags.Number("--message-size", "B",
        $"Bytes in each write; {DefaultBulkMessage} when not given, mode echo {DefaultEchoMessage}", 1, BenchHeader.MaxMessageSize);
    private static readonly Option<string> Transport = new("--transport")
    {
        HelpName = "utp|tcp",
        Description = "uTP, or Kestrel's TCP sockets transport",
        DefaultValueFactory = _ => "utp",
    };
    private static readonly Option<double> Interval = new("--interval")
    {
        HelpName = "S",
        Description = "Seconds between lines; 0 for none",
        DefaultValueFactory = _ => 1,
    };
    private static readonly Option<bool> Json = new("--json") { Description = "Print JSON lines: one for each interval, then the summary" };

    public static Command Create(ToolConsole console, Interruption interruption)
    {
        var command = new Command("bench", "Measures throughput, latency and connects over uTP, or over TCP with the same code.")
        {
            Listen, Connect, Mode, Bytes, Seconds, Streams, MessageSize, Transport, Interval, Json,
        };
        var flags = TransportFlags.AddTo(command);
        command.SetAction(async (parsed, _) =>
        {
            var isUtp = ReadIsUtp(parsed.GetRequiredValue(Transport));
            if (!isUtp && flags.IsTracing(parsed))
            {
                throw new UsageException("--trace records uTP and cannot be used with --transport tcp. Remove one of them.");
            }

            var plan = (parsed.GetValue(Listen), parsed.GetValue(Connect)) switch
            {
                ({ }, null) => null,
                (null, { }) => ReadPlan(parsed),
                _ => throw new UsageException("Give either --listen ADDRESS:PORT or --connect HOST:PORT."),
            };
            var interval = ReadSeconds(parsed.GetValue(Interval), "--interval", minimum: 0);
            var endPoint = Addresses.Parse((parsed.GetValue(Listen) ?? parsed.GetValue(Connect))!, toListen: plan is null);
            var transport = BenchTransport.Create(isUtp, flags.Read(parsed, closeOnPeerFinish: true));
            await using (transport.ConfigureAwait(false))
            {
                var reporter = new BenchReporter(console, transport.Name, parsed.GetValue(Json), interval);
                await (plan is null
                    ? ServeAsync(transport, endPoint, reporter, console, interruption)
                    : new BenchClient(transport, endPoint, plan, reporter, interruption).RunAsync()).ConfigureAwait(false);
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static bool ReadIsUtp(string transport) => transport switch
    {
        "utp" => true,
        "tcp" => false,
        _ => throw new UsageException($"--transport is '{transport}'. Expected utp or tcp."),
    };

    private static async Task ServeAsync(BenchTransport transport, UtpEndPoint local, BenchReporter reporter, ToolConsole console, Interruption interruption)
    {
        var listener = await transport.BindAsync(local, interruption.Closing).ConfigureAwait(false);
        await using (listener.ConfigureAwait(false))
        {
            console.WriteErrorLine($"Listening on {transport.Name}://{listener.EndPoint}");
            await new BenchServer(listener, reporter, console, interruption).RunAsync().ConfigureAwait(false);
        }
    }

    private static BenchPlan ReadPlan(ParseResult parsed)
    {
        var text = parsed.GetValue(Mode) ?? nameof(BenchMode.Send);
        if (!char.IsLetter(text.FirstOrDefault()) || !Enum.TryParse<BenchMode>(text, ignoreCase: true, out var mode) || !Enum.IsDefined(mode))
        {
            throw new UsageException($"--mode is '{text}'. Expected send, receive, echo or connect.");
        }

        var bytes = parsed.GetValue(Bytes);
        if (bytes <= 0)
        {
            throw new UsageException($"--bytes is {bytes}. Expected 1 or more.");
        }

        if (bytes is not null && parsed.GetValue(Seconds) is not null)
        {
            throw new UsageException("Give --bytes or --seconds, not both.");
        }

        return new BenchPlan(
            mode,
            bytes,
            ReadSeconds(parsed.GetValue(Seconds) ?? DefaultSeconds, "--seconds", minimum: 0.001),
            parsed.GetValue(Streams) ?? 1,
            parsed.GetValue(MessageSize) ?? (mode == BenchMode.Echo ? DefaultEchoMessage : DefaultBulkMessage));
    }

    private static TimeSpan ReadSeconds(double seconds, string name, double minimum) => seconds >= minimum && seconds <= 86_400
        ? TimeSpan.FromSeconds(seconds)
        : throw new UsageException(FormattableString.Invariant($"{name} is {seconds}. Expected {minimum} to 86400."));
}

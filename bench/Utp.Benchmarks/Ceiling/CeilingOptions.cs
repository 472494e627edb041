using System.Globalization;

namespace Utp.Benchmarks.Ceiling;

internal sealed record CeilingOptions
{
    public IReadOnlyList<UtpDatagramOffload> Channels { get; init; } =
        [UtpDatagramOffload.Portable, UtpDatagramOffload.Batching, UtpDatagramOffload.Segmentation];

    /// <summary>Payload of one run, after a warm-up of an eighth of it.</summary>
    public int Mebibytes { get; init; } = 512;

    public int RunCount { get; init; } = 3;

    public int WindowBytes { get; init; } = 256 * 1024;

    /// <summary>Header and payload together.</summary>
    public int DatagramBytes { get; init; } = 1_400;

    /// <summary>Number of outstanding packets after which the receiver acknowledges at the end of a train or single datagram.</summary>
    public int PacketsPerAcknowledgement { get; init; } = 2;

    public string? JsonPath { get; init; }

    public long PacketCount => (long)Mebibytes * 1024 * 1024 / (DatagramBytes - CeilingHeader.Length);

    /// <exception cref="ArgumentException">An option is unknown, lacks its value or is out of range.</exception>
    public static CeilingOptions Parse(string[] args)
    {
        var options = new CeilingOptions();
        for (var i = 0; i < args.Length; i += 2)
        {
            var value = i + 1 < args.Length ? args[i + 1] : throw new ArgumentException($"Option {args[i]} needs a value.");
            options = args[i] switch
            {
                "--channels" => options with { Channels = [.. value.Split(',').Select(ParseChannel)] },
                "--mib" => options with { Mebibytes = ParseInt(args[i], value, 1, 1 << 20) },
                "--runs" => options with { RunCount = ParseInt(args[i], value, 1, 1_000) },
                "--window" => options with { WindowBytes = ParseInt(args[i], value, 2_048, 1 << 30) },
                "--datagram" => options with { DatagramBytes = ParseInt(args[i], value, 100, 60_000) },
                "--ack-every" => options with { PacketsPerAcknowledgement = ParseInt(args[i], value, 1, 64) },
                "--json" => options with { JsonPath = value },
                _ => throw new ArgumentException($"Unknown option {args[i]}."),
            };
        }

        return options.WindowBytes >= options.PacketsPerAcknowledgement * options.DatagramBytes
            ? options
            : throw new ArgumentException(
                $"--window {options.WindowBytes} is less than --ack-every {options.PacketsPerAcknowledgement} datagrams; it would stall.");
    }

    /// <summary>Creates the arguments of the second process of this run.</summary>
    public string[] ToArguments(UtpDatagramOffload channel) =>
    [
        "--channels", NameOf(channel), "--window", Format(WindowBytes), "--datagram", Format(DatagramBytes), "--ack-every", Format(PacketsPerAcknowledgement),
    ];

    public static string NameOf(UtpDatagramOffload channel) => channel switch
    {
        UtpDatagramOffload.Portable => "portable",
        UtpDatagramOffload.Batching => "mmsg",
        UtpDatagramOffload.Segmentation => "offload",
        _ => throw new ArgumentOutOfRangeException(nameof(channel)),
    };

    public static UtpDatagramOffload ParseChannel(string name) => name switch
    {
        "portable" => UtpDatagramOffload.Portable,
        "mmsg" => UtpDatagramOffload.Batching,
        "offload" => UtpDatagramOffload.Segmentation,
        _ => throw new ArgumentException($"Unknown channel '{name}'; there are portable, mmsg and offload."),
    };

    private static int ParseInt(string option, string value, int least, int most) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new ArgumentException($"{option} {value} is not a number from {least} to {most}.");

    private static string Format(int number) => number.ToString(CultureInfo.InvariantCulture);
}

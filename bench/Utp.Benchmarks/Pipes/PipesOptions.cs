using System.Globalization;
using Utp.Benchmarks.Ceiling;

namespace Utp.Benchmarks.Pipes;

internal sealed record PipesOptions
{
    public IReadOnlyList<UtpDatagramOffload> Channels { get; init; } =
        [UtpDatagramOffload.Portable, UtpDatagramOffload.Batching, UtpDatagramOffload.Segmentation];

    /// <summary>Payload of one run, after a warm-up of an eighth of it.</summary>
    public int Mebibytes { get; init; } = 512;

    public int RunCount { get; init; } = 3;

    /// <summary>Size of one write to the pipe.</summary>
    public int WriteBytes { get; init; } = 64 * 1024;

    /// <summary>Kernel buffers to request; 212,992 is what stock Linux distributions grant.</summary>
    public int KernelBufferBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Send and receive buffer of the connection.</summary>
    public int BufferBytes { get; init; } = 1024 * 1024;

    /// <summary>Whether both ends are in one process, with separate engines.</summary>
    public bool IsOneProcess { get; init; }

    public string? JsonPath { get; init; }

    public long PayloadBytes => (long)Mebibytes * 1024 * 1024;

    /// <exception cref="ArgumentException">An option is unknown, lacks its value or is out of range.</exception>
    public static PipesOptions Parse(string[] args)
    {
        var options = new PipesOptions();
        for (var i = 0; i < args.Length; i += 2)
        {
            var value = i + 1 < args.Length ? args[i + 1] : throw new ArgumentException($"Option {args[i]} needs a value.");
            options = args[i] switch
            {
                "--channels" => options with { Channels = [.. value.Split(',').Select(CeilingOptions.ParseChannel)] },
                "--mib" => options with { Mebibytes = ParseInt(args[i], value, 1, 1 << 20) },
                "--runs" => options with { RunCount = ParseInt(args[i], value, 1, 1_000) },
                "--write" => options with { WriteBytes = ParseInt(args[i], value, 1, 1 << 24) },
                "--kernel-buffer" => options with { KernelBufferBytes = ParseInt(args[i], value, 65_536, 1 << 30) },
                "--buffer" => options with { BufferBytes = ParseInt(args[i], value, 8_192, 1 << 30) },
                "--processes" => options with { IsOneProcess = ParseInt(args[i], value, 1, 2) == 1 },
                "--json" => options with { JsonPath = value },
                _ => throw new ArgumentException($"Unknown option {args[i]}."),
            };
        }

        return options;
    }

    public UtpTransportOptions ToTransportOptions(UtpDatagramOffload channel) => new()
    {
        DatagramOffload = channel,
        KernelReceiveBufferSize = KernelBufferBytes,
        KernelSendBufferSize = KernelBufferBytes,
        SendBufferSize = BufferBytes,
        ReceiveBufferSize = BufferBytes,
    };

    /// <summary>Creates the arguments of the receiving process.</summary>
    public string[] ToArguments(UtpDatagramOffload channel) =>
    [
        "--channels", CeilingOptions.NameOf(channel),
        "--kernel-buffer", KernelBufferBytes.ToString(CultureInfo.InvariantCulture),
        "--buffer", BufferBytes.ToString(CultureInfo.InvariantCulture),
    ];

    private static int ParseInt(string option, string value, int least, int most) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new ArgumentException($"{option} {value} is not a number from {least} to {most}.");
}

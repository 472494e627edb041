using System.Globalization;
using Utp.Benchmarks.Ceiling;

namespace Utp.Benchmarks.Loads;

internal enum LoadKind
{
    /// <summary>Sends bytes one way, as fast as possible.</summary>
    Bulk,

    /// <summary>Sends a message, and the next one when it has come back.</summary>
    Echo,

    /// <summary>Connects, sends one byte there and back, and closes.</summary>
    Connect,

    /// <summary>Sends HTTP/1.1 requests to Kestrel, each when the previous answer has arrived.</summary>
    Http,

    /// <summary>Opens connections, uses each once, and then leaves them idle.</summary>
    Idle,
}

/// <summary>Options of the two processes of a run: the command lines of server and client differ only in the port.</summary>
internal sealed record LoadOptions
{
    /// <summary>The channel; null is TCP.</summary>
    public UtpDatagramOffload? Channel { get; init; }

    public LoadKind Kind { get; init; }

    public int Port { get; init; }

    public int Connections { get; init; } = 1;

    /// <summary>Size of one write or message.</summary>
    public int Bytes { get; init; } = 64 * 1024;

    public double WarmupSeconds { get; init; } = 1;

    public double Seconds { get; init; } = 2;

    public int KernelBufferBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>The largest UDP payload to probe for; 0 is the default, Ethernet's.</summary>
    public int MtuCeiling { get; init; }

    /// <summary>Number of UDP sockets of each local endpoint; 0 is the library's default, which depends on the processors.</summary>
    public int Shards { get; init; }

    /// <summary>
    /// Whether continuations run inline on the receive thread: the option UnsafePreferInlineScheduling, of uTP and of Kestrel's sockets.
    /// </summary>
    public bool IsInline { get; init; }

    /// <summary>The congestion controller; null is the library's default.</summary>
    public UtpCongestionControl? Congestion { get; init; }

    /// <exception cref="ArgumentException">An option is unknown, lacks its value or is out of range.</exception>
    public static LoadOptions Parse(string[] args)
    {
        var options = new LoadOptions();
        for (var i = 0; i < args.Length; i += 2)
        {
            var value = i + 1 < args.Length ? args[i + 1] : throw new ArgumentException($"Option {args[i]} needs a value.");
            options = args[i] switch
            {
                "--channel" => options with { Channel = value == "tcp" ? null : CeilingOptions.ParseChannel(value) },
                "--load" => options with { Kind = Enum.Parse<LoadKind>(value) },
                "--port" => options with { Port = ParseInt(value) },
                "--connections" => options with { Connections = ParseInt(value) },
                "--bytes" => options with { Bytes = ParseInt(value) },
                "--warmup" => options with { WarmupSeconds = double.Parse(value, CultureInfo.InvariantCulture) },
                "--seconds" => options with { Seconds = double.Parse(value, CultureInfo.InvariantCulture) },
                "--kernel-buffer" => options with { KernelBufferBytes = ParseInt(value) },
                "--mtu" => options with { MtuCeiling = ParseInt(value) },
                "--shards" => options with { Shards = ParseInt(value) },
                "--inline" => options with { IsInline = bool.Parse(value) },
                "--congestion" => options with { Congestion = value == "default" ? null : Enum.Parse<UtpCongestionControl>(value, ignoreCase: true) },
                _ => throw new ArgumentException($"Unknown option {args[i]}."),
            };
        }

        return options;
    }

    public string[] ToArguments() =>
    [
        "--channel", Channel is { } channel ? CeilingOptions.NameOf(channel) : "tcp",
        "--load", Kind.ToString(),
        "--port", Format(Port),
        "--connections", Format(Connections),
        "--bytes", Format(Bytes),
        "--warmup", Format(WarmupSeconds),
        "--seconds", Format(Seconds),
        "--kernel-buffer", Format(KernelBufferBytes),
        "--mtu", Format(MtuCeiling),
        "--shards", Format(Shards),
        "--inline", IsInline ? "true" : "false",
        "--congestion", Congestion?.ToString() ?? "default",
    ];

    public void ApplyTo(UtpTransportOptions options)
    {
        options.DatagramOffload = Channel ?? UtpDatagramOffload.Auto;
        options.KernelReceiveBufferSize = KernelBufferBytes;
        options.KernelSendBufferSize = KernelBufferBytes;
        options.MtuCeiling = MtuCeiling == 0 ? null : MtuCeiling;
        options.Shards = Shards == 0 ? null : Shards;
        options.UnsafePreferInlineScheduling = IsInline;
        options.CongestionControl = Congestion ?? options.CongestionControl;
    }

    private static int ParseInt(string value) => int.Parse(value, NumberStyles.None, CultureInfo.InvariantCulture);

    private static string Format(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}

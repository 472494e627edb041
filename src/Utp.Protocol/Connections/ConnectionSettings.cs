using Utp.Protocol.Congestion;
using Utp.Transport;

namespace Utp.Protocol.Connections;

/// <summary>What may differ between connections. Immutable and shared; sizes in bytes, times in microseconds.</summary>
internal sealed record ConnectionSettings
{
    public static ConnectionSettings Default { get; } = new();

    /// <summary>Which controller paces this connection's sending.</summary>
    public UtpCongestionControl CongestionControl { get; init; } = UtpCongestionControl.LedbatPlusPlus;

    /// <summary>Queueing delay that a LEDBAT controller steers to. Zero takes the controller's own default.</summary>
    public long TargetDelayMicros { get; init; }

    /// <summary>Which refinements <see cref="UtpCongestionControl.LedbatPlusPlus"/> uses; for comparisons.</summary>
    public LedbatPlusPlusSwitches LedbatPlusPlusSwitches { get; init; } = LedbatPlusPlusSwitches.Default;

    /// <summary>Which LEDBAT <see cref="UtpCongestionControl.Ledbat"/> is; for comparisons.</summary>
    public LedbatProfile LedbatProfile { get; init; } = LedbatProfile.Libutp;

    /// <summary>Received bytes held for the application, in order or not: the largest receive window advertised.</summary>
    public int ReceiveBufferBytes { get; init; } = 1024 * 1024;

    /// <summary>Upper bound of bytes in flight, whatever the congestion and the peer's receive window allow.</summary>
    public int MaxFlightBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>
    /// Largest UDP payload. Zero takes what every path carries, 1,252 over IPv4 and 1,232 over IPv6, and over loopback 1,472 and 1,452. More is
    /// used once a probe has shown that the path carries it.
    /// </summary>
    public int MtuCeilingBytes { get; init; }

    /// <summary>True (the default) sends a short segment at once; false holds it while others are in flight (Nagle).</summary>
    public bool NoDelay { get; init; } = true;

    public long AckDelayMicros { get; init; } = 5_000;

    public long ConnectTimeoutMicros { get; init; } = 20_000_000;

    /// <summary>A STATE is sent when nothing else was for so long, to keep NAT mappings alive. Zero disables.</summary>
    public long KeepAliveMicros { get; init; } = 29_000_000;

    /// <summary>The connection ends when nothing was received for so long, though the peer was asked. Zero disables.</summary>
    public long IdleTimeoutMicros { get; init; } = 150_000_000;

    /// <summary>
    /// The interval in use: the smaller of <see cref="KeepAliveMicros"/> and a third of <see cref="IdleTimeoutMicros"/>, because both ends often
    /// have the same idle timeout.
    /// </summary>
    public long EffectiveKeepAliveMicros =>
        KeepAliveMicros > 0 && IdleTimeoutMicros > 0 ? Math.Min(KeepAliveMicros, IdleTimeoutMicros / 3) : KeepAliveMicros;

    /// <summary>How long a closed connection may go on trying to deliver its last bytes.</summary>
    public long LingerMicros { get; init; } = 10_000_000;
}

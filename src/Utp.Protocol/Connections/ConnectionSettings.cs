using Utp.Protocol.Congestion.Ledbat;
using Utp.Protocol.Rates;
using Utp.Transport;

namespace Utp.Protocol.Connections;

/// <summary>Settings that may differ between connections. They are immutable and shared; sizes are in bytes, times in microseconds.</summary>
internal sealed record ConnectionSettings
{
    public static ConnectionSettings Default { get; } = new();

    /// <summary>The controller that decides how fast the connection sends.</summary>
    public UtpCongestionControl CongestionControl { get; init; } = UtpCongestionControl.LedbatPlusPlus;

    /// <summary>The queueing delay that a LEDBAT controller aims at. Zero selects the controller's own default.</summary>
    public long TargetDelayMicros { get; init; }

    /// <summary>The refinements that <see cref="UtpCongestionControl.LedbatPlusPlus"/> uses. Only experiments change them.</summary>
    public LedbatPlusPlusSwitches LedbatPlusPlusSwitches { get; init; } = LedbatPlusPlusSwitches.Default;

    /// <summary>The constants that <see cref="UtpCongestionControl.Ledbat"/> uses. Only experiments change them.</summary>
    public LedbatProfile LedbatProfile { get; init; } = LedbatProfile.Libutp;

    /// <summary>Maximum number of received bytes held for the application, in order or not. It is also the largest receive window advertised.</summary>
    public int ReceiveBufferBytes { get; init; } = 1024 * 1024;

    /// <summary>Maximum number of bytes in flight, whatever the congestion window and the peer's receive window allow.</summary>
    public int MaxFlightBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>
    /// Maximum size of a UDP payload. Zero selects what every path carries: 1,252 over IPv4 and 1,232 over IPv6, and over loopback 1,472 and 1,452.
    /// A larger size is used once a probe has shown that the path carries it.
    /// </summary>
    public int MtuCeilingBytes { get; init; }

    /// <summary>True (the default) sends a short segment at once; false holds it while others are in flight (Nagle).</summary>
    public bool NoDelay { get; init; } = true;

    /// <summary>Maximum delay of an acknowledgement of data that arrived in order. Zero acknowledges each segment at once.</summary>
    public long AckDelayMicros { get; init; } = 5_000;

    /// <summary>The time after which a connection request without an answer fails.</summary>
    public long ConnectTimeoutMicros { get; init; } = 20_000_000;

    /// <summary>The interval after which a STATE is sent if nothing else was, to keep NAT mappings alive. Zero disables keepalives.</summary>
    public long KeepAliveMicros { get; init; } = 29_000_000;

    /// <summary>The time without a packet of the peer, which is asked for one meanwhile, after which the connection fails. Zero disables it.</summary>
    public long IdleTimeoutMicros { get; init; } = 150_000_000;

    /// <summary>The limits that the connection shares with others; null for none.</summary>
    public RateLimit? SharedRates { get; init; }

    /// <summary>The connection's own limit for payload sent, in bytes per second. Zero for none.</summary>
    public int MaxSendBytesPerSecond { get; init; }

    /// <summary>The connection's own limit for payload received, in bytes per second. Zero for none.</summary>
    public int MaxReceiveBytesPerSecond { get; init; }

    /// <summary>
    /// Gets the interval in use: the smaller of <see cref="KeepAliveMicros"/> and a third of <see cref="IdleTimeoutMicros"/>, because both ends often
    /// have the same idle timeout.
    /// </summary>
    public long EffectiveKeepAliveMicros =>
        KeepAliveMicros > 0 && IdleTimeoutMicros > 0 ? Math.Min(KeepAliveMicros, IdleTimeoutMicros / 3) : KeepAliveMicros;

    /// <summary>Maximum time for which a closed connection tries to deliver its last bytes.</summary>
    public long LingerMicros { get; init; } = 10_000_000;
}

using Utp.Protocol;

namespace Utp.Transport;

/// <summary>
/// What may differ between connections. Set for everything in <c>Utp:Transport</c>, and overridden per endpoint, per named client and per
/// connect: each level starts from a copy of the one above.
/// </summary>
public class UtpConnectionOptions
{
    /// <summary>
    /// Gets or sets the bytes received but not yet read that one connection holds: the receive window announced to the peer, and the most
    /// that a slow reader can cost. Default 1 MiB, allowed 8 KiB to 1 GiB. Throughput is at most this much per round trip. A pipe reader that
    /// examines bytes without consuming them has read them, as for any pipe: the connection holds them beyond this.
    /// </summary>
    public int ReceiveBufferSize { get; set; } = 1024 * 1024;

    /// <summary>
    /// Gets or sets the bytes written but not yet acknowledged that one connection holds before a flush waits. Default 1 MiB, allowed 8 KiB
    /// to 1 GiB. They are kept for retransmission, so throughput is at most this much per round trip. Over paths shorter than a millisecond
    /// the connections of a socket that hold any share 4 MiB, and a flush may wait sooner.
    /// </summary>
    public int SendBufferSize { get; set; } = 1024 * 1024;

    /// <summary>Gets or sets the congestion controller. Default <see cref="CongestionAlgorithm.LedbatPlusPlus"/>, which yields to other traffic.</summary>
    public CongestionAlgorithm CongestionControl { get; set; } = CongestionAlgorithm.LedbatPlusPlus;

    /// <summary>
    /// Gets or sets the queueing delay that a LEDBAT controller steers to. Default null: the controller's own (60 ms for LEDBAT++, 100 ms for LEDBAT).
    /// Allowed 5 ms to 100 ms. Lower yields earlier and fills the link less well; flows that share a link should agree on it.
    /// </summary>
    public TimeSpan? TargetDelay { get; set; }

    /// <summary>
    /// Gets or sets the largest UDP payload, in bytes. Default null: 1,252 over IPv4 and 1,232 over IPv6, which every path of 1,280 bytes
    /// carries; to loopback addresses 1,472 and 1,452. Allowed 576 to 65,507.
    /// </summary>
    /// <remarks>
    /// A larger value suits local networks and jumbo frames. A connection still starts with the default size, and uses more only after a probe
    /// has arrived; a lost probe costs nothing. The risk: uTP can send a packet again only as it was. If the path becomes narrower while large
    /// packets are unacknowledged, they must pass in fragments, and a network that drops fragments ends the connection.
    /// </remarks>
    public int? MtuCeiling { get; set; }

    /// <summary>
    /// Gets or sets whether each flush leaves at once even as a short packet. Default true. False holds a short packet while others are in
    /// flight (Nagle's algorithm): fewer packets, later.
    /// </summary>
    public bool NoDelay { get; set; } = true;

    /// <summary>
    /// Gets or sets how long a connection attempt may take, retries included. Default 20 s, allowed 100 ms to 10 minutes. An attempt ends
    /// sooner when the peer refuses it, or when its host or a router reports, on systems where that can be read (Linux), that nobody is there.
    /// </summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Gets or sets after how long without a packet from the peer a connection is given up, also one that retransmits. Default 150 s;
    /// <see cref="TimeSpan.Zero"/> or <see cref="Timeout.InfiniteTimeSpan"/> never. Otherwise 1 s to 1 day. A silent peer is asked for an
    /// answer in the second half of this time, so that a connection on which neither side has anything to say does not end. With "never",
    /// data that stays unacknowledged is given up after 15 minutes.
    /// </summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(150);

    /// <summary>
    /// Gets or sets after how long without sending a keepalive leaves. Default 29 s (under the 30 s after which NAT mappings commonly
    /// expire); <see cref="TimeSpan.Zero"/> or <see cref="Timeout.InfiniteTimeSpan"/> never. Otherwise 1 s to 10 minutes. The interval in
    /// effect is the smaller of this and a third of <see cref="IdleTimeout"/>. The first keepalives of a silence leave about 1, 3 and 8 s
    /// after the last exchange, so that the host of a peer whose process has ended can say so (ICMP "port unreachable").
    /// </summary>
    public TimeSpan KeepAliveInterval { get; set; } = TimeSpan.FromSeconds(29);

    /// <summary>
    /// Gets or sets how long the engine goes on delivering the last bytes of a closed connection. Default 10 s, allowed 0 to 10 minutes.
    /// Closing and disposing do not wait for it.
    /// </summary>
    public TimeSpan LingerTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Gets or sets whether <c>ConnectionClosed</c> fires as soon as the peer has finished sending, as Kestrel's socket transport does.
    /// Default true. Set false for protocols that use half-close: the token then fires when the connection has really ended.
    /// </summary>
    public bool CloseOnPeerFinish { get; set; } = true;

    internal void CopyTo(UtpConnectionOptions target)
    {
        target.ReceiveBufferSize = ReceiveBufferSize;
        target.SendBufferSize = SendBufferSize;
        target.CongestionControl = CongestionControl;
        target.TargetDelay = TargetDelay;
        target.MtuCeiling = MtuCeiling;
        target.NoDelay = NoDelay;
        target.ConnectTimeout = ConnectTimeout;
        target.IdleTimeout = IdleTimeout;
        target.KeepAliveInterval = KeepAliveInterval;
        target.LingerTimeout = LingerTimeout;
        target.CloseOnPeerFinish = CloseOnPeerFinish;
    }

    internal ConnectionSettings ToSettings() => new()
    {
        CongestionAlgorithm = CongestionControl,
        TargetDelayMicros = TargetDelay is { } target ? (long)target.TotalMicroseconds : 0,
        ReceiveBufferBytes = ReceiveBufferSize,
        MaxFlightBytes = Math.Max(SendBufferSize, 4 * 1024 * 1024),
        MtuCeilingBytes = MtuCeiling ?? 0,
        NoDelay = NoDelay,
        ConnectTimeoutMicros = (long)ConnectTimeout.TotalMicroseconds,
        KeepAliveMicros = MicrosOrNever(KeepAliveInterval),
        IdleTimeoutMicros = MicrosOrNever(IdleTimeout),
        LingerMicros = (long)LingerTimeout.TotalMicroseconds,
    };

    /// <summary>Zero is the core's word for "never".</summary>
    private static long MicrosOrNever(TimeSpan value) => value == Timeout.InfiniteTimeSpan ? 0 : (long)value.TotalMicroseconds;
}

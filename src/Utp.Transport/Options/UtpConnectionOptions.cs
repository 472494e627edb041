using System.Runtime.CompilerServices;
using Utp.Protocol.Connections;
using Utp.Protocol.Rates;
using Utp.Transport.Options;

namespace Utp.Transport;

/// <summary>Options of a connection: buffers, timeouts, congestion control.</summary>
/// <remarks>
/// There are three levels: the engine (<see cref="UtpTransportOptions"/>), a listener or client (<see cref="UtpListenerOptions"/>,
/// <see cref="UtpClientOptions"/>), and a single connect. An option that was never assigned at one level takes the value of the level above;
/// assigning the default value counts as an assignment. Until then the property returns the default of the library. The levels are merged, and
/// copied, when a listener binds, when a client is made and when a connection begins. Later changes of the object have no effect.
/// </remarks>
public class UtpConnectionOptions
{
    /// <summary>The names of the options that were assigned; null while none was.</summary>
    private HashSet<string>? _assigned;

    /// <summary>Initializes options with nothing assigned.</summary>
    public UtpConnectionOptions()
    {
    }

    /// <summary>Initializes a copy: the same values, and the same options assigned.</summary>
    /// <param name="other">The options to copy. Options that only a class derived from <see cref="UtpConnectionOptions"/> has are not copied.</param>
    /// <exception cref="ArgumentNullException"><paramref name="other"/> is null.</exception>
    public UtpConnectionOptions(UtpConnectionOptions other)
    {
        ArgumentNullException.ThrowIfNull(other);
        other.CopyTo(this);
        _assigned = other._assigned is null ? null : new(other._assigned, StringComparer.Ordinal);
    }

    /// <summary>
    /// Gets or sets the maximum number of bytes that one connection holds because they are received but not yet read. It is the receive window
    /// announced to the peer, and the most that a slow reader can cost. Default 1 MiB, allowed 8 KiB to 1 GiB. Throughput is at most this much per
    /// round trip. Bytes that a pipe reader has examined but not consumed no longer count against this limit, although the connection still holds
    /// them.
    /// </summary>
    public int ReceiveBufferSize { get; set => field = Assign(value); } = 1024 * 1024;

    /// <summary>
    /// Gets or sets the maximum number of bytes that one connection holds, because they are written but not yet acknowledged, before a flush waits.
    /// Default 1 MiB, allowed 8 KiB to 1 GiB. They are kept for retransmission, so throughput is at most this much per round trip. Over paths
    /// shorter than a millisecond, the connections of a socket that hold unacknowledged bytes share 4 MiB, and a flush may wait sooner.
    /// </summary>
    public int SendBufferSize { get; set => field = Assign(value); } = 1024 * 1024;

    /// <summary>Gets or sets the congestion controller. Default <see cref="UtpCongestionControl.LedbatPlusPlus"/>, which yields to other traffic.</summary>
    public UtpCongestionControl CongestionControl { get; set => field = Assign(value); } = UtpCongestionControl.LedbatPlusPlus;

    /// <summary>
    /// Gets or sets the queueing delay that a LEDBAT controller aims at. Default null: the controller's own (60 ms for LEDBAT++, 100 ms for LEDBAT).
    /// Allowed 5 ms to 100 ms. A lower target yields earlier and uses the link less fully; flows that share a link should have the same target.
    /// </summary>
    public TimeSpan? TargetDelay { get; set => field = Assign(value); }

    /// <summary>
    /// Gets or sets the largest UDP payload, in bytes. Default null: 1,252 over IPv4 and 1,232 over IPv6, which every path with an MTU of 1,280
    /// bytes carries; to loopback addresses 1,472 and 1,452. Allowed 576 to 65,507.
    /// </summary>
    /// <remarks>
    /// A larger value suits local networks and jumbo frames. A connection still starts with the default size, and uses more only after a probe
    /// has arrived; a lost probe costs nothing. The risk is that uTP can retransmit a packet only in its original size. If the path MTU shrinks while
    /// large packets are unacknowledged, those packets must pass in fragments, and a network that drops fragments ends the connection.
    /// </remarks>
    public int? MtuCeiling { get; set => field = Assign(value); }

    /// <summary>
    /// Gets or sets whether each flush sends its data at once, even as a short packet. Default true. False delays a short packet while others are in
    /// flight (Nagle's algorithm), which sends fewer packets, later.
    /// </summary>
    public bool NoDelay { get; set => field = Assign(value); } = true;

    /// <summary>
    /// Gets or sets the maximum time of a connection attempt, retries included. Default 20 s, allowed 100 ms to 10 minutes. An attempt ends sooner
    /// when the peer refuses it, or when the peer's host or a router reports that the peer is unreachable, on systems where that report can be read
    /// (Linux).
    /// </summary>
    public TimeSpan ConnectTimeout { get; set => field = Assign(value); } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Gets or sets the time without a packet from the peer after which a connection times out, even while it retransmits. Default 150 s;
    /// <see cref="TimeSpan.Zero"/> or <see cref="Timeout.InfiniteTimeSpan"/> for never. Otherwise 1 s to 1 day. In the second half of this time a
    /// connection asks a silent peer for an answer, so that a connection on which both sides are idle does not end. With "never", a connection times
    /// out when data stays unacknowledged for 15 minutes.
    /// </summary>
    public TimeSpan IdleTimeout { get; set => field = Assign(value); } = TimeSpan.FromSeconds(150);

    /// <summary>
    /// Gets or sets the time without sending after which a connection sends a keepalive. Default 29 s (under the 30 s after which NAT mappings
    /// commonly expire); <see cref="TimeSpan.Zero"/> or <see cref="Timeout.InfiniteTimeSpan"/> for never. Otherwise 1 s to 10 minutes. The interval
    /// in effect is the smaller of this and a third of <see cref="IdleTimeout"/>. The first keepalives of a silence are sent about 1, 3 and 8 s
    /// after the last exchange, so that the host of a peer whose process has ended can report it (ICMP "port unreachable").
    /// </summary>
    public TimeSpan KeepAliveInterval { get; set => field = Assign(value); } = TimeSpan.FromSeconds(29);

    /// <summary>
    /// Gets or sets how long the engine continues to deliver the last bytes of a closed connection. Default 10 s, allowed 0 to 10 minutes. Closing
    /// and disposing do not wait for it.
    /// </summary>
    public TimeSpan LingerTimeout { get; set => field = Assign(value); } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Gets or sets whether <c>ConnectionClosed</c> fires as soon as the peer has finished sending, as Kestrel's socket transport does. Default
    /// true. Set it to false for protocols that use half-close: the token then fires only when the connection has ended.
    /// </summary>
    public bool CloseOnPeerFinish { get; set => field = Assign(value); } = true;

    /// <summary>
    /// Gets or sets the maximum number of payload bytes that one connection sends per second. Default null: no limit. Allowed 1,000 to
    /// 2,000,000,000. <see cref="IUtpRateLimits"/> says what counts, and changes the limit of an open connection.
    /// </summary>
    public int? MaxSendBytesPerSecond { get; set => field = Assign(value); }

    /// <summary>
    /// Gets or sets the maximum number of payload bytes that one connection receives per second. Default null: no limit. Allowed 1,000 to
    /// 2,000,000,000. Nothing is dropped: the peer is told a smaller receive window. <see cref="IUtpRateLimits"/> says more.
    /// </summary>
    public int? MaxReceiveBytesPerSecond { get; set => field = Assign(value); }

    /// <summary>Gets or sets the limits of the client or listener, which the connection shares with others; null for only those of the engine.</summary>
    internal RateLimit? SharedRates { get; set; }

    /// <summary>Copies the value of every connection option, assigned or not. The options of the target then count as assigned.</summary>
    internal void CopyTo(UtpConnectionOptions target)
    {
        foreach (var key in OptionKeys.Connection)
        {
            key.Copy(this, target);
        }
    }

    /// <summary>Gives every option that was never assigned the value of the level above.</summary>
    internal void InheritFrom(UtpConnectionOptions levelAbove)
    {
        foreach (var key in OptionKeys.Connection)
        {
            if (_assigned?.Contains(key.Name) != true)
            {
                key.Copy(levelAbove, this);
            }
        }
    }

    /// <param name="otherwise">The limits that apply if the options have no <see cref="SharedRates"/>.</param>
    internal ConnectionSettings ToSettings(RateLimit? otherwise = null) => new()
    {
        CongestionControl = CongestionControl,
        TargetDelayMicros = TargetDelay is { } target ? (long)target.TotalMicroseconds : 0,
        ReceiveBufferBytes = ReceiveBufferSize,
        MaxFlightBytes = Math.Max(SendBufferSize, 4 * 1024 * 1024),
        MtuCeilingBytes = MtuCeiling ?? 0,
        NoDelay = NoDelay,
        ConnectTimeoutMicros = (long)ConnectTimeout.TotalMicroseconds,
        KeepAliveMicros = MicrosOrNever(KeepAliveInterval),
        IdleTimeoutMicros = MicrosOrNever(IdleTimeout),
        LingerMicros = (long)LingerTimeout.TotalMicroseconds,
        SharedRates = SharedRates ?? otherwise,
        MaxSendBytesPerSecond = MaxSendBytesPerSecond ?? 0,
        MaxReceiveBytesPerSecond = MaxReceiveBytesPerSecond ?? 0,
    };

    /// <summary>Converts a time; in the core, zero means "never".</summary>
    private static long MicrosOrNever(TimeSpan value) => value == Timeout.InfiniteTimeSpan ? 0 : (long)value.TotalMicroseconds;

    private T Assign<T>(T value, [CallerMemberName] string name = "")
    {
        (_assigned ??= new(StringComparer.Ordinal)).Add(name);
        return value;
    }
}

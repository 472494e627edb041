using System.Net;
using Utp.Transport.Datagrams.Sharding;
using Utp.Transport.Rates;

namespace Utp.Transport.Options;

/// <summary>
/// The keys of each options class with their bounds: the source of binding, validation and the list of known keys. A property that is missing here
/// cannot be configured, so a test compares these tables with the classes.
/// </summary>
internal static class OptionKeys
{
    /// <summary>The key of an endpoint that says where to listen.</summary>
    public const string Url = "Url";

    private const int Kibibyte = 1024;
    private const int Gibibyte = 1024 * 1024 * 1024;

    private static readonly Flag Flag = new();

    /// <summary>Keys of <see cref="UtpConnectionOptions"/>, which every level has.</summary>
    public static IReadOnlyList<IOptionKey<UtpConnectionOptions>> Connection { get; } =
    [
        Of(nameof(UtpConnectionOptions.ReceiveBufferSize), new WholeNumber(8 * Kibibyte, Gibibyte, "bytes"),
            o => o.ReceiveBufferSize, (o, v) => o.ReceiveBufferSize = v),
        Of(nameof(UtpConnectionOptions.SendBufferSize), new WholeNumber(8 * Kibibyte, Gibibyte, "bytes"),
            o => o.SendBufferSize, (o, v) => o.SendBufferSize = v),
        Of(nameof(UtpConnectionOptions.CongestionControl), new Choice<UtpCongestionControl>(), o => o.CongestionControl, (o, v) => o.CongestionControl = v),
        Of(nameof(UtpConnectionOptions.TargetDelay), new OptionalValue<TimeSpan>(new Duration(Milliseconds(5), Milliseconds(100))),
            o => o.TargetDelay, (o, v) => o.TargetDelay = v),
        Of(nameof(UtpConnectionOptions.MtuCeiling), new OptionalValue<int>(new WholeNumber(576, 65_507, "bytes")),
            o => o.MtuCeiling, (o, v) => o.MtuCeiling = v),
        Of(nameof(UtpConnectionOptions.NoDelay), Flag, o => o.NoDelay, (o, v) => o.NoDelay = v),
        Of(nameof(UtpConnectionOptions.ConnectTimeout), new Duration(Milliseconds(100), TimeSpan.FromMinutes(10)),
            o => o.ConnectTimeout, (o, v) => o.ConnectTimeout = v),
        Of(nameof(UtpConnectionOptions.IdleTimeout), new Duration(TimeSpan.FromSeconds(1), TimeSpan.FromDays(1), zeroMeansNever: true),
            o => o.IdleTimeout, (o, v) => o.IdleTimeout = v),
        Of(nameof(UtpConnectionOptions.KeepAliveInterval), new Duration(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10), zeroMeansNever: true),
            o => o.KeepAliveInterval, (o, v) => o.KeepAliveInterval = v),
        Of(nameof(UtpConnectionOptions.LingerTimeout), new Duration(TimeSpan.Zero, TimeSpan.FromMinutes(10)),
            o => o.LingerTimeout, (o, v) => o.LingerTimeout = v),
        Of(nameof(UtpConnectionOptions.CloseOnPeerFinish), Flag, o => o.CloseOnPeerFinish, (o, v) => o.CloseOnPeerFinish = v),
        Of(nameof(UtpConnectionOptions.MaxSendBytesPerSecond), RateBounds.Kind, o => o.MaxSendBytesPerSecond, (o, v) => o.MaxSendBytesPerSecond = v),
        Of(nameof(UtpConnectionOptions.MaxReceiveBytesPerSecond), RateBounds.Kind,
            o => o.MaxReceiveBytesPerSecond, (o, v) => o.MaxReceiveBytesPerSecond = v),
    ];

    /// <summary>Keys of <c>Utp:Transport</c>.</summary>
    public static IReadOnlyList<IOptionKey<UtpTransportOptions>> Transport { get; } =
    [
        .. Connection,
        OfTransport(nameof(UtpTransportOptions.MaxConnections), new WholeNumber(1, 1_000_000, "connections"),
            o => o.MaxConnections, (o, v) => o.MaxConnections = v),
        OfTransport(nameof(UtpTransportOptions.AcceptBacklog), new WholeNumber(1, 65_535, "connections"), o => o.AcceptBacklog, (o, v) => o.AcceptBacklog = v),
        OfTransport(nameof(UtpTransportOptions.MaxHalfOpenConnections), new WholeNumber(1, 1_000_000, "connections"),
            o => o.MaxHalfOpenConnections, (o, v) => o.MaxHalfOpenConnections = v),
        OfTransport(nameof(UtpTransportOptions.MaxHalfOpenConnectionsPerAddress), new WholeNumber(1, 1_000_000, "connections"),
            o => o.MaxHalfOpenConnectionsPerAddress, (o, v) => o.MaxHalfOpenConnectionsPerAddress = v),
        OfTransport(nameof(UtpTransportOptions.MaxResetsPerSecond), new WholeNumber(0, 100_000, "packets per second"),
            o => o.MaxResetsPerSecond, (o, v) => o.MaxResetsPerSecond = v),
        OfTransport(nameof(UtpTransportOptions.Shards), new OptionalValue<int>(new WholeNumber(1, ShardCount.Most, "UDP sockets")),
            o => o.Shards, (o, v) => o.Shards = v),
        OfTransport(nameof(UtpTransportOptions.KernelReceiveBufferSize), new WholeNumber(64 * Kibibyte, Gibibyte, "bytes"),
            o => o.KernelReceiveBufferSize, (o, v) => o.KernelReceiveBufferSize = v),
        OfTransport(nameof(UtpTransportOptions.KernelSendBufferSize), new WholeNumber(64 * Kibibyte, Gibibyte, "bytes"),
            o => o.KernelSendBufferSize, (o, v) => o.KernelSendBufferSize = v),
        OfTransport(nameof(UtpTransportOptions.DatagramOffload), new Choice<UtpDatagramOffload>(), o => o.DatagramOffload, (o, v) => o.DatagramOffload = v),
        OfTransport(nameof(UtpTransportOptions.DscpCodePoint), new WholeNumber(0, 63, "the DSCP field"),
            o => o.DscpCodePoint, (o, v) => o.DscpCodePoint = v),
        OfTransport(nameof(UtpTransportOptions.NetworkInterface), new OptionalReference<string>(new InterfaceName()),
            o => o.NetworkInterface, (o, v) => o.NetworkInterface = v),
        OfTransport(nameof(UtpTransportOptions.UnsafePreferInlineScheduling), Flag,
            o => o.UnsafePreferInlineScheduling, (o, v) => o.UnsafePreferInlineScheduling = v),
        OfTransport(nameof(UtpTransportOptions.TracePath), new OptionalReference<string>(new WritableFile()), o => o.TracePath, (o, v) => o.TracePath = v),
        OfTransport(nameof(UtpTransportOptions.ClaimIPEndPoints), Flag, o => o.ClaimIPEndPoints, (o, v) => o.ClaimIPEndPoints = v),
        OfTransport(nameof(UtpTransportOptions.MaxTotalSendBytesPerSecond), RateBounds.Kind,
            o => o.MaxTotalSendBytesPerSecond, (o, v) => o.MaxTotalSendBytesPerSecond = v),
        OfTransport(nameof(UtpTransportOptions.MaxTotalReceiveBytesPerSecond), RateBounds.Kind,
            o => o.MaxTotalReceiveBytesPerSecond, (o, v) => o.MaxTotalReceiveBytesPerSecond = v),
    ];

    /// <summary>Keys of <c>Utp:Clients:NAME</c>.</summary>
    public static IReadOnlyList<IOptionKey<UtpClientOptions>> Client { get; } =
    [
        .. Connection,
        new OptionKey<UtpClientOptions, int?>(nameof(UtpClientOptions.MaxConnections), ConnectionCount, o => o.MaxConnections, (o, v) => o.MaxConnections = v),
        new OptionKey<UtpClientOptions, int?>(nameof(UtpClientOptions.MaxPendingConnects), ConnectionCount,
            o => o.MaxPendingConnects, (o, v) => o.MaxPendingConnects = v),
        new OptionKey<UtpClientOptions, string?>(nameof(UtpClientOptions.LocalListener), new OptionalReference<string>(new ListenerName()),
            o => o.LocalListener, (o, v) => o.LocalListener = v),
        new OptionKey<UtpClientOptions, IPEndPoint?>(nameof(UtpClientOptions.LocalEndPoint), new OptionalReference<IPEndPoint>(new LocalAddressAndPort()),
            o => o.LocalEndPoint, (o, v) => o.LocalEndPoint = v is null ? null : new IPEndPoint(v.Address, v.Port)),
        new OptionKey<UtpClientOptions, int?>(nameof(UtpClientOptions.MaxTotalSendBytesPerSecond), RateBounds.Kind,
            o => o.MaxTotalSendBytesPerSecond, (o, v) => o.MaxTotalSendBytesPerSecond = v),
        new OptionKey<UtpClientOptions, int?>(nameof(UtpClientOptions.MaxTotalReceiveBytesPerSecond), RateBounds.Kind,
            o => o.MaxTotalReceiveBytesPerSecond, (o, v) => o.MaxTotalReceiveBytesPerSecond = v),
    ];

    /// <summary>Keys of <c>Utp:Endpoints:NAME</c> that make <see cref="UtpListenerOptions"/>.</summary>
    public static IReadOnlyList<IOptionKey<UtpListenerOptions>> Listener { get; } =
    [
        .. Connection,
        new OptionKey<UtpListenerOptions, int?>(nameof(UtpListenerOptions.MaxTotalSendBytesPerSecond), RateBounds.Kind,
            o => o.MaxTotalSendBytesPerSecond, (o, v) => o.MaxTotalSendBytesPerSecond = v),
        new OptionKey<UtpListenerOptions, int?>(nameof(UtpListenerOptions.MaxTotalReceiveBytesPerSecond), RateBounds.Kind,
            o => o.MaxTotalReceiveBytesPerSecond, (o, v) => o.MaxTotalReceiveBytesPerSecond = v),
        new OptionKey<UtpListenerOptions, int?>(nameof(UtpListenerOptions.MaxConnections), ConnectionCount,
            o => o.MaxConnections, (o, v) => o.MaxConnections = v),
    ];

    /// <summary>Options of <see cref="UtpSocket"/>, which has no configuration.</summary>
    public static IReadOnlyList<IOptionKey<UtpSocketOptions>> Socket { get; } =
    [
        .. Connection,
        new OptionKey<UtpSocketOptions, int?>(nameof(UtpSocketOptions.MaxConnections), ConnectionCount, o => o.MaxConnections, (o, v) => o.MaxConnections = v),
        new OptionKey<UtpSocketOptions, int?>(nameof(UtpSocketOptions.MaxPendingConnects), ConnectionCount,
            o => o.MaxPendingConnects, (o, v) => o.MaxPendingConnects = v),
    ];

    /// <summary>Keys of <c>Utp:Endpoints:NAME</c> that only an HTTP server understands.</summary>
    public static IReadOnlyList<string> Http { get; } = ["Protocols", "Https", "Certificate", "SslProtocols", "ClientCertificateMode", "Sni"];

    private static OptionalValue<int> ConnectionCount => new(new WholeNumber(1, 1_000_000, "connections"));

    private static TimeSpan Milliseconds(int count) => TimeSpan.FromMilliseconds(count);

    private static OptionKey<UtpConnectionOptions, TValue> Of<TValue>(
        string name, OptionKind<TValue> kind, Func<UtpConnectionOptions, TValue> get, Action<UtpConnectionOptions, TValue> set) =>
        new(name, kind, get, set);

    private static OptionKey<UtpTransportOptions, TValue> OfTransport<TValue>(
        string name, OptionKind<TValue> kind, Func<UtpTransportOptions, TValue> get, Action<UtpTransportOptions, TValue> set) =>
        new(name, kind, get, set);
}

using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Utp.Transport;

/// <summary>
/// A uTP address: a host (IP address or name) and a UDP port. It does not derive from <see cref="IPEndPoint"/>, because Kestrel's TCP transport
/// would claim it. It is written <c>utp://host:port</c>; <see cref="ToString"/> gives <c>host:port</c>, because hosts put their own scheme in front.
/// </summary>
public sealed class UtpEndPoint : EndPoint, IEquatable<UtpEndPoint>
{
    /// <summary>The URL scheme, <c>utp</c>.</summary>
    public const string Scheme = "utp";

    /// <summary>Initializes an endpoint with an IP address.</summary>
    /// <param name="address">The address; <see cref="IPAddress.Any"/> or <see cref="IPAddress.IPv6Any"/> (dual mode) to listen on all addresses.</param>
    /// <param name="port">The UDP port; 0 lets the system choose when listening.</param>
    public UtpEndPoint(IPAddress address, int port)
        : this(new IPEndPoint(address, port))
    {
    }

    /// <summary>Initializes an endpoint from an IP endpoint.</summary>
    /// <param name="endPoint">The address and UDP port.</param>
    public UtpEndPoint(IPEndPoint endPoint)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        IPEndPoint = endPoint;
        Host = endPoint.Address.ToString();
        Port = endPoint.Port;
    }

    /// <summary>Initializes an endpoint with a host name, which is resolved when connecting or binding.</summary>
    /// <param name="host">A DNS name or the text of an IP address.</param>
    /// <param name="port">The UDP port, 0 to 65,535.</param>
    public UtpEndPoint(string host, int port)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(host);
        ArgumentOutOfRangeException.ThrowIfLessThan(port, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, IPEndPoint.MaxPort);
        if (IPAddress.TryParse(host, out var address))
        {
            IPEndPoint = new IPEndPoint(address, port);
            host = address.ToString();
        }

        Host = host;
        Port = port;
    }

    /// <summary>Gets the host: a name, or an address without brackets.</summary>
    public string Host { get; }

    /// <summary>Gets the UDP port.</summary>
    public int Port { get; }

    /// <summary>Gets the IP endpoint; null when <see cref="Host"/> is a name.</summary>
    public IPEndPoint? IPEndPoint { get; }

    /// <summary>The name of the listener that this endpoint belongs to, if it has one. It is not part of equality.</summary>
    internal string? ListenerName { get; init; }

    /// <summary>
    /// Options of the connections accepted here, when they differ from the engine's. They carry an endpoint's configuration to its listener, which
    /// sees only the endpoint. They are not part of equality.
    /// </summary>
    internal UtpListenerOptions? ListenerOptions { get; set; }

    /// <inheritdoc />
    public override AddressFamily AddressFamily => IPEndPoint?.AddressFamily ?? AddressFamily.Unspecified;

    /// <summary>Parses <c>utp://host:port</c>, <c>host:port</c> or <c>[address]:port</c>; <c>*</c> and <c>+</c> stand for all addresses.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The endpoint.</returns>
    /// <exception cref="FormatException">The text is not an endpoint; the message says why.</exception>
    public static UtpEndPoint Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryParse(text, out var endPoint)
            ? endPoint
            : throw new FormatException(
                $"'{text}' is not a uTP endpoint. Expected utp://HOST:PORT with a port from 0 to 65535, for example utp://0.0.0.0:5000.");
    }

    /// <summary>Parses as <see cref="Parse"/> does.</summary>
    /// <param name="text">The text.</param>
    /// <param name="endPoint">The endpoint, if the method returns true.</param>
    /// <returns>Whether the text is an endpoint.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out UtpEndPoint? endPoint)
    {
        endPoint = null;
        if (string.IsNullOrWhiteSpace(text))
        {
            return false;
        }

        var rest = text.AsSpan().Trim();
        if (!TryTakeScheme(ref rest))
        {
            return false;
        }

        var colon = rest.LastIndexOf(':');
        return colon > 0
            && ushort.TryParse(rest[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            && TryCreate(rest[..colon], port, out endPoint);
    }

    /// <summary>Gets <c>host:port</c>, with brackets around an IPv6 address.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => IPEndPoint?.ToString() ?? string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");

    /// <summary>Gets <c>utp://host:port</c>.</summary>
    /// <returns>The text.</returns>
    public string ToUriString() => $"{Scheme}://{this}";

    /// <summary>Creates a copy for a named listener.</summary>
    internal UtpEndPoint WithListener(string? name, UtpListenerOptions? options) => IPEndPoint is { } endPoint
        ? new UtpEndPoint(endPoint) { ListenerName = name, ListenerOptions = options }
        : new UtpEndPoint(Host, Port) { ListenerName = name, ListenerOptions = options };

    /// <summary>Creates a copy for one address of its host.</summary>
    internal UtpEndPoint WithAddress(IPAddress address) => new(address, Port) { ListenerName = ListenerName, ListenerOptions = ListenerOptions };

    /// <inheritdoc />
    public bool Equals(UtpEndPoint? other) =>
        other is not null && Port == other.Port && string.Equals(Host, other.Host, StringComparison.OrdinalIgnoreCase);

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as UtpEndPoint);

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(StringComparer.OrdinalIgnoreCase.GetHashCode(Host), Port);

    /// <summary>Removes the scheme, and a slash at the end. Returns false if there is another scheme.</summary>
    private static bool TryTakeScheme(ref ReadOnlySpan<char> text)
    {
        var scheme = text.IndexOf("://");
        if (scheme < 0)
        {
            return true;
        }

        if (!text[..scheme].Equals(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        text = text[(scheme + 3)..];
        text = text.EndsWith("/") ? text[..^1] : text;
        return true;
    }

    private static bool TryCreate(ReadOnlySpan<char> host, int port, [NotNullWhen(true)] out UtpEndPoint? endPoint)
    {
        endPoint = null;
        if (host is "*" or "+")
        {
            endPoint = new UtpEndPoint(Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any, port);
            return true;
        }

        var isBracketed = host[0] == '[' && host[^1] == ']';
        host = isBracketed ? host[1..^1] : host;
        if (IPAddress.TryParse(host, out var address))
        {
            endPoint = address.AddressFamily == AddressFamily.InterNetworkV6 == isBracketed ? new UtpEndPoint(address, port) : null;
        }
        else if (!isBracketed && Uri.CheckHostName(host.ToString()) == UriHostNameType.Dns)
        {
            endPoint = new UtpEndPoint(host.ToString(), port);
        }

        return endPoint is not null;
    }
}

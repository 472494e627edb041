using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Utp.Transport;
using Utp.Transport.Hosting.Servers;

namespace Microsoft.AspNetCore.Hosting;

/// <summary>
/// Listens on uTP endpoints. As with every <c>Listen</c> of Kestrel, endpoints in code replace the addresses of <c>ASPNETCORE_URLS</c> and
/// <c>--urls</c>.
/// </summary>
public static class KestrelServerOptionsUtpExtensions
{
    /// <summary>Listens on an address and UDP port.</summary>
    /// <param name="options">Kestrel's options.</param>
    /// <param name="address">The local address; <see cref="IPAddress.IPv6Any"/> for all, IPv4 included.</param>
    /// <param name="port">The UDP port; 0 lets the system choose (see <see cref="IUtpServerAddresses"/>).</param>
    /// <exception cref="InvalidOperationException"><c>UseUtp</c> was not called.</exception>
    public static void ListenUtp(this KestrelServerOptions options, IPAddress address, int port) =>
        options.ListenUtp(new UtpEndPoint(address, port), static _ => { });

    /// <summary>Listens on an address and UDP port.</summary>
    /// <param name="options">Kestrel's options.</param>
    /// <param name="address">The local address; <see cref="IPAddress.IPv6Any"/> for all, IPv4 included.</param>
    /// <param name="port">The UDP port; 0 lets the system choose (see <see cref="IUtpServerAddresses"/>).</param>
    /// <param name="configure">Sets protocols, HTTPS, uTP options (<c>ConfigureUtp</c>) and connection middleware.</param>
    /// <exception cref="InvalidOperationException"><c>UseUtp</c> was not called, or <paramref name="configure"/> enables HTTP/3.</exception>
    public static void ListenUtp(this KestrelServerOptions options, IPAddress address, int port, Action<ListenOptions> configure) =>
        options.ListenUtp(new UtpEndPoint(address, port), configure);

    /// <summary>Listens on a uTP endpoint.</summary>
    /// <param name="options">Kestrel's options.</param>
    /// <param name="endPoint">The endpoint, for example <c>UtpEndPoint.Parse("utp://0.0.0.0:5000")</c>.</param>
    /// <exception cref="InvalidOperationException"><c>UseUtp</c> was not called.</exception>
    public static void ListenUtp(this KestrelServerOptions options, UtpEndPoint endPoint) => options.ListenUtp(endPoint, static _ => { });

    /// <summary>Listens on a uTP endpoint.</summary>
    /// <param name="options">Kestrel's options.</param>
    /// <param name="endPoint">The endpoint, for example <c>UtpEndPoint.Parse("utp://0.0.0.0:5000")</c>.</param>
    /// <param name="configure">Sets protocols, HTTPS, uTP options (<c>ConfigureUtp</c>) and connection middleware.</param>
    /// <exception cref="InvalidOperationException"><c>UseUtp</c> was not called, or <paramref name="configure"/> enables HTTP/3.</exception>
    public static void ListenUtp(this KestrelServerOptions options, UtpEndPoint endPoint, Action<ListenOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(endPoint);
        ArgumentNullException.ThrowIfNull(configure);
        if (options.ApplicationServices?.GetService<UtpHttpServerMarker>() is null)
        {
            throw new InvalidOperationException("ListenUtp needs the uTP transport. Call builder.WebHost.UseUtp() as well.");
        }

        // The endpoint is copied, because the copy carries the options of this listener.
        options.Listen(endPoint.WithListener(endPoint.ListenerName, endPoint.ListenerOptions), listen =>
        {
            listen.LeaveOutHttp3();
            configure(listen);
            if (listen.Protocols.HasFlag(HttpProtocols.Http3))
            {
                throw new InvalidOperationException(
                    $"HTTP/3 runs over QUIC and cannot run over uTP. Set the protocols of {endPoint.ToUriString()} to Http1, Http2 or Http1AndHttp2.");
            }
        });
    }

    /// <summary>Listens on all addresses, IPv4 and IPv6 alike.</summary>
    /// <param name="options">Kestrel's options.</param>
    /// <param name="port">The UDP port; 0 lets the system choose.</param>
    /// <exception cref="InvalidOperationException"><c>UseUtp</c> was not called.</exception>
    public static void ListenAnyIPUtp(this KestrelServerOptions options, int port) => options.ListenAnyIPUtp(port, static _ => { });

    /// <summary>Listens on all addresses, IPv4 and IPv6 alike.</summary>
    /// <param name="options">Kestrel's options.</param>
    /// <param name="port">The UDP port; 0 lets the system choose.</param>
    /// <param name="configure">Sets protocols, HTTPS, uTP options (<c>ConfigureUtp</c>) and connection middleware.</param>
    /// <exception cref="InvalidOperationException"><c>UseUtp</c> was not called, or <paramref name="configure"/> enables HTTP/3.</exception>
    public static void ListenAnyIPUtp(this KestrelServerOptions options, int port, Action<ListenOptions> configure) =>
        options.ListenUtp(new UtpEndPoint(Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any, port), configure);

    /// <summary>Listens on the loopback addresses: 127.0.0.1, and ::1 where the system has it.</summary>
    /// <param name="options">Kestrel's options.</param>
    /// <param name="port">The UDP port, not 0: the two addresses would get different ones.</param>
    /// <exception cref="InvalidOperationException"><c>UseUtp</c> was not called, or the port is 0.</exception>
    public static void ListenLocalhostUtp(this KestrelServerOptions options, int port) => options.ListenLocalhostUtp(port, static _ => { });

    /// <summary>Listens on the loopback addresses: 127.0.0.1, and ::1 where the system has it.</summary>
    /// <param name="options">Kestrel's options.</param>
    /// <param name="port">The UDP port, not 0: the two addresses would get different ones.</param>
    /// <param name="configure">Sets protocols, HTTPS, uTP options (<c>ConfigureUtp</c>) and connection middleware; called for each address.</param>
    /// <exception cref="InvalidOperationException"><c>UseUtp</c> was not called, <paramref name="configure"/> enables HTTP/3, or the port is 0.</exception>
    public static void ListenLocalhostUtp(this KestrelServerOptions options, int port, Action<ListenOptions> configure) =>
        options.ListenUtpAt(new UtpEndPoint("localhost", port), configure);

    /// <summary>Listens on an endpoint, and for <c>localhost</c> on both loopback addresses.</summary>
    internal static void ListenUtpAt(this KestrelServerOptions options, UtpEndPoint endPoint, Action<ListenOptions> configure)
    {
        foreach (var bound in WithLoopbackAddresses(endPoint))
        {
            options.ListenUtp(bound, configure);
        }
    }

    /// <summary>Gets the endpoints to bind for one endpoint: the loopback addresses for <c>localhost</c>, otherwise the endpoint itself.</summary>
    /// <exception cref="InvalidOperationException">The endpoint is <c>localhost</c> with port 0.</exception>
    internal static IReadOnlyList<UtpEndPoint> WithLoopbackAddresses(UtpEndPoint endPoint)
    {
        if (!string.Equals(endPoint.Host, "localhost", StringComparison.OrdinalIgnoreCase))
        {
            return [endPoint];
        }

        if (endPoint.Port == 0)
        {
            throw new InvalidOperationException("Port 0 cannot be used with localhost, which is two addresses. Use 127.0.0.1 or [::1] instead.");
        }

        var loopback = endPoint.WithAddress(IPAddress.Loopback);
        return HasIPv6Loopback() ? [loopback, endPoint.WithAddress(IPAddress.IPv6Loopback)] : [loopback];
    }

    /// <summary>
    /// Keeps HTTP/3 away from a uTP endpoint. Otherwise Kestrel would advertise it on this UDP port, which speaks uTP, and defaults that are meant
    /// for TCP could enable it.
    /// </summary>
    internal static void LeaveOutHttp3(this ListenOptions listen)
    {
        listen.DisableAltSvcHeader = true;
        if (listen.Protocols.HasFlag(HttpProtocols.Http3))
        {
            listen.Protocols &= ~HttpProtocols.Http3;
        }
    }

    // Containers often support IPv6 without having ::1.
    private static bool HasIPv6Loopback()
    {
        if (!Socket.OSSupportsIPv6)
        {
            return false;
        }

        try
        {
            using var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

using System.Net;
using System.Net.Sockets;

namespace Utp.Tool;

/// <summary>Addresses as the command line spells them.</summary>
internal static class Addresses
{
    /// <summary>HOST:PORT, [ADDRESS]:PORT or *:PORT.</summary>
    /// <exception cref="UsageException">It is not.</exception>
    public static UtpEndPoint Parse(string text, bool toListen)
    {
        if (!UtpEndPoint.TryParse(text, out var endPoint))
        {
            throw new UsageException($"'{text}' is not an address. Expected HOST:PORT, for example 127.0.0.1:5000 or [::1]:5000.");
        }

        return endPoint.Port == 0 && !toListen ? throw new UsageException($"'{text}' names no port to connect to.") : endPoint;
    }

    /// <summary>A port, with the address to listen on; all addresses when there is none.</summary>
    public static UtpEndPoint ToListen(int port, string? address)
    {
        CheckPort(port, minimum: 0);
        if (address is null or "*" or "+")
        {
            return new UtpEndPoint(Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any, port);
        }

        return new UtpEndPoint(address.Trim('[', ']'), port);
    }

    /// <summary>A host and a port.</summary>
    public static UtpEndPoint ToConnect(string host, int port)
    {
        CheckPort(port, minimum: 1);
        return new UtpEndPoint(host.Trim('[', ']'), port);
    }

    /// <summary>The addresses of an endpoint, for sockets that know no names.</summary>
    /// <exception cref="SocketException">The name is unknown.</exception>
    public static async ValueTask<IPEndPoint> ResolveAsync(UtpEndPoint endPoint, CancellationToken cancellationToken)
    {
        if (endPoint.IPEndPoint is { } known)
        {
            return known;
        }

        var addresses = await Dns.GetHostAddressesAsync(endPoint.Host, cancellationToken).ConfigureAwait(false);
        return addresses.Length == 0
            ? throw new ToolException($"The host '{endPoint.Host}' has no address.")
            : new IPEndPoint(addresses[0], endPoint.Port);
    }

    /// <summary>An address for display: an IPv4 address that a dual-mode socket knows as IPv6 is shown as what it is.</summary>
    public static string Format(EndPoint? endPoint) => endPoint is IPEndPoint { Address.IsIPv4MappedToIPv6: true } mapped
        ? new IPEndPoint(mapped.Address.MapToIPv4(), mapped.Port).ToString()
        : endPoint?.ToString() ?? "?";

    private static void CheckPort(int port, int minimum)
    {
        if (port < minimum || port > IPEndPoint.MaxPort)
        {
            throw new UsageException($"{port} is not a port. Expected {minimum} to {IPEndPoint.MaxPort}.");
        }
    }
}

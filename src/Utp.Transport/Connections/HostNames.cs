using System.Net;
using System.Net.Sockets;

namespace Utp.Transport.Connections;

/// <summary>Resolves host names. The exceptions of the resolver do not name the host, these do.</summary>
internal static class HostNames
{
    /// <summary>Gets the addresses of a host, in the resolver's order of preference.</summary>
    /// <exception cref="SocketException">The name cannot be resolved; the message names it.</exception>
    public static async ValueTask<IPAddress[]> ResolveAsync(string host, AddressFamily family, CancellationToken cancellationToken)
    {
        try
        {
            return await Dns.GetHostAddressesAsync(host, family, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException exception)
        {
            throw UtpErrors.HostNotResolved(host, exception);
        }
    }
}

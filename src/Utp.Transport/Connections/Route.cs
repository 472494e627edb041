using System.Net;
using Utp.Protocol.Addresses;

namespace Utp.Transport.Connections;

/// <summary>One attempt to connect: to where, and from where.</summary>
/// <param name="Remote">The peer.</param>
/// <param name="Local">The local endpoint; null for a port that the engine's clients share.</param>
internal readonly record struct Route(IPEndPoint Remote, IPEndPoint? Local)
{
    /// <summary>Finds the route to a remote endpoint from the first local endpoint that can reach it.</summary>
    /// <param name="remote">The peer.</param>
    /// <param name="locals">The local endpoints; null leaves the choice to the engine.</param>
    /// <returns>Null when no local endpoint has the family of the remote one.</returns>
    public static Route? Find(IPEndPoint remote, IReadOnlyList<IPEndPoint>? locals)
    {
        if (locals is null)
        {
            return new Route(remote, null);
        }

        foreach (var local in locals)
        {
            if (CanReach(local, remote))
            {
                return new Route(remote, local);
            }
        }

        return null;
    }

    /// <summary>Gets whether a socket bound to one endpoint can send to another. The IPv6 wildcard reaches both families.</summary>
    public static bool CanReach(IPEndPoint local, IPEndPoint remote) =>
        local.Address.Equals(IPAddress.IPv6Any) || PeerAddress.FromEndPoint(local).IsIPv4 == PeerAddress.FromEndPoint(remote).IsIPv4;
}

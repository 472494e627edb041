using System.Net;
using System.Net.Sockets;

namespace Utp.Transport.Datagrams;

/// <summary>Facts that are fixed when a UDP socket is opened.</summary>
internal sealed record UdpSocketFacts(AddressFamily AddressFamily, IPEndPoint LocalEndPoint)
{
    /// <summary>Whether the socket is bound to all addresses of the host, so that its address alone does not name the destination of a datagram.</summary>
    public bool IsWildcard => LocalEndPoint.Address.Equals(IPAddress.Any) || LocalEndPoint.Address.Equals(IPAddress.IPv6Any);

    /// <summary>As <see cref="IDatagramChannel.ReceiveBufferBytes"/>.</summary>
    public int ReceiveBufferBytes { get; init; }

    public int SendBufferBytes { get; init; }
}

using System.Net;
using System.Net.Sockets;

namespace Utp.Transport.Datagrams;

/// <summary>What was settled when a UDP socket was opened.</summary>
internal sealed record UdpSocketFacts(AddressFamily AddressFamily, IPEndPoint LocalEndPoint)
{
    /// <summary>Whether the socket has every address of the host, so that each datagram has to say which of them it came to.</summary>
    public bool IsWildcard => LocalEndPoint.Address.Equals(IPAddress.Any) || LocalEndPoint.Address.Equals(IPAddress.IPv6Any);

    /// <summary>As <see cref="IDatagramChannel.ReceiveBufferBytes"/>.</summary>
    public int ReceiveBufferBytes { get; init; }

    public int SendBufferBytes { get; init; }
}

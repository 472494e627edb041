using System.Net;
using System.Net.Sockets;

namespace Utp.Transport.Datagrams;

/// <summary>What was settled when a UDP socket was opened.</summary>
internal sealed record UdpSocketFacts(AddressFamily AddressFamily, IPEndPoint LocalEndPoint)
{
    /// <summary>As <see cref="IDatagramChannel.ReceiveBufferBytes"/>.</summary>
    public int ReceiveBufferBytes { get; init; }

    public int SendBufferBytes { get; init; }
}

using Utp.Protocol.Addresses;

namespace Utp.Transport.Datagrams;

/// <summary>An ICMP "unreachable" error about a datagram that was sent. Nothing authenticates it.</summary>
/// <param name="Remote">The destination of the datagram.</param>
/// <param name="IsRefusal">Whether the host exists and no socket has the port.</param>
/// <param name="IsFromPeersHost">Whether the sender of the ICMP error has the address that the datagram was sent to; false for a router.</param>
internal readonly record struct IcmpError(PeerAddress Remote, bool IsRefusal, bool IsFromPeersHost);

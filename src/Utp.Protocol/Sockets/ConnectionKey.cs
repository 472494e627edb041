using Utp.Protocol.Addresses;

namespace Utp.Protocol.Sockets;

/// <summary>The key that finds the connection of a packet: its source address, and the id that this side receives on.</summary>
internal readonly record struct ConnectionKey(PeerAddress Remote, ushort ReceiveId)
{
    // HashCode has a seed per process, so that an attacker cannot choose addresses that collide.
    public override int GetHashCode() => HashCode.Combine(Remote.High, Remote.Low, ((uint)Remote.Port << 16) | ReceiveId);
}

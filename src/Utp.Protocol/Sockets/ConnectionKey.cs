using Utp.Protocol.Addresses;

namespace Utp.Protocol.Sockets;

/// <summary>How a packet finds its connection: who sent it, and the id under which we receive.</summary>
internal readonly record struct ConnectionKey(PeerAddress Remote, ushort ReceiveId)
{
    // Seeded per process by HashCode, so that chosen addresses cannot be made to collide.
    public override int GetHashCode() => HashCode.Combine(Remote.High, Remote.Low, ((uint)Remote.Port << 16) | ReceiveId);
}

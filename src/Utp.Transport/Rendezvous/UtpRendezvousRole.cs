namespace Utp.Transport;

/// <summary>What a peer does in <see cref="UtpSocket.RendezvousAsync"/>. The two peers have different roles, so that they get one connection.</summary>
public enum UtpRendezvousRole
{
    /// <summary>The peer that asked for the rendezvous: it connects.</summary>
    Initiator = 0,

    /// <summary>The peer that was asked for: it opens its NAT towards the initiator, and accepts.</summary>
    Target = 1,
}

using System.Runtime.InteropServices;
using Utp.Protocol.Addresses;

namespace Utp.Protocol.Connections.Opening;

/// <summary>
/// The local address of a connection. The peer knows a connection by the address and port that it dialled, so every packet leaves from that
/// address: an acceptor takes it from the SYN, an initiator from the first answer.
/// <para>
/// The address stays when later packets come to another address of this host. The peer's own packets never do, and one forged packet must not be
/// able to turn the connection's packets away from the peer. A deprecated address still works, as it does for TCP.
/// </para>
/// <para>
/// When the host has lost the address, the system chooses another one for each train until the address is back, or until a packet of the peer
/// comes to a new one. Peers that do not expect the other address answer with RESETs to it. Those are not believed, because the address that was
/// dialled may come back.
/// </para>
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal struct LocalAddressPin
{
    /// <summary>
    /// Maximum number of trains that the system refuses to send from the address before it chooses for good. A system that reports addresses and
    /// never sends from them would otherwise cost a refused call for each train. A connection whose peer is silent sends far fewer trains.
    /// </summary>
    private const int MaxRefusedTrains = 1_000;

    private ushort _refusedTrains;
    private bool _isGone;

    /// <summary>The address that the peer knows this end by; <c>default</c> before it is known.</summary>
    public LocalAddress Known { get; private set; }

    /// <summary>The address that packets leave from; <c>default</c> where the system chooses.</summary>
    public readonly LocalAddress Source => _refusedTrains < MaxRefusedTrains ? Known : default;

    /// <summary>The system refused to send from this address, and sent the train from another one: the host has lost it, at least for now.</summary>
    public void OnGone(in LocalAddress lost)
    {
        if (!lost.IsUnspecified && Source == lost)
        {
            _isGone = true;
            _refusedTrains++;
        }
    }

    /// <summary>A packet of the peer came to this address.</summary>
    public void OnPacket(in LocalAddress local)
    {
        if (!local.IsUnspecified && (Known.IsUnspecified || _isGone))
        {
            Known = local;
            _isGone = false;
        }
    }

    /// <summary>Whether the address is not the one that the peer knows this end by.</summary>
    public readonly bool IsElsewhere(in LocalAddress local) => !local.IsUnspecified && !Source.IsUnspecified && local != Source;
}

using Utp.Protocol.Addresses;

namespace Utp.Protocol.Connections;

// A peer knows a connection by the address and port that it dialled, so every packet leaves from that address: an acceptor takes it from the
// SYN, an initiator from the first answer. It stays when later packets come to another address of this host: the peer's own packets never do,
// and one forged packet must not be able to turn the connection's packets away from the peer. An address that is only deprecated still works,
// as it does for TCP. When the host has lost the address, the system chooses another for each train until the address is back, or until a
// packet of the peer comes to a new one. Peers that do not expect the other address answer with RESETs to it; those are not believed, because
// the address that was dialled may come back.
internal sealed partial class ConnectionCore
{
    /// <summary>
    /// Maximum number of trains that the system refuses to send from the address before it chooses for good: a system that reports addresses and
    /// never sends from them would otherwise cost a refused call per train for ever. A connection whose peer is silent sends far fewer.
    /// </summary>
    private const int MaxRefusedTrains = 1_000;

    private LocalAddress _local;
    private ushort _refusedTrains;
    private bool _localIsGone;

    /// <summary>Where packets leave from if the system has it; <c>default</c> before it is known, and where the system chooses.</summary>
    public LocalAddress Local => _refusedTrains < MaxRefusedTrains ? _local : default;

    /// <summary>The system refused to send from this address, and sent the train from another: the host has lost it, at least for now.</summary>
    public void HandleLocalAddressGone(in LocalAddress lost)
    {
        if (!lost.IsUnspecified && Local == lost)
        {
            _localIsGone = true;
            _refusedTrains++;
        }
    }

    /// <summary>A packet of the peer came to this address.</summary>
    internal void Pin(in LocalAddress local)
    {
        if (!local.IsUnspecified && (_local.IsUnspecified || _localIsGone))
        {
            _local = local;
            _localIsGone = false;
        }
    }

    /// <summary>Whether the address is not the one that the peer knows this end by. As for TCP, a RESET to it is about something else.</summary>
    internal bool IsElsewhere(in LocalAddress local) => !local.IsUnspecified && !Local.IsUnspecified && local != Local;
}

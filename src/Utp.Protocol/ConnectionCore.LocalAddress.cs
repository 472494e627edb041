namespace Utp.Protocol;

// A peer knows a connection by the address and port that it dialled, so every packet leaves from that address: an acceptor takes it from the
// SYN, an initiator from the first answer. It stays when later packets come to another address of this host: the peer's own packets never do,
// and one forged packet must not be able to turn the connection's packets away from the peer. An address that is only deprecated still works,
// as it does for TCP. When the host has lost the address the system chooses, and the next packet of the peer names the address that it uses.
internal sealed partial class ConnectionCore
{
    /// <summary>
    /// Maximum number of addresses that a connection loses before it leaves the choice to the system for good: a system that reports addresses
    /// and refuses to send from them would otherwise cost a refused call per packet.
    /// </summary>
    private const int MaxLostAddresses = 16;

    private LocalAddress _local;
    private byte _lostAddressCount;

    /// <summary>Where packets leave from; <c>default</c> before it is known, and where the system chooses.</summary>
    public LocalAddress Local => _local;

    /// <summary>
    /// The system refused to send from this address, and sent the train from another: the host has lost it, at least for now. The connection
    /// goes on without it until a packet of the peer names one again.
    /// </summary>
    public void HandleLocalAddressGone(in LocalAddress lost)
    {
        if (_local == lost && !lost.IsUnspecified)
        {
            _local = default;
            _lostAddressCount++;
        }
    }

    /// <summary>A packet of the peer came to this address.</summary>
    internal void Pin(in LocalAddress local)
    {
        if (_local.IsUnspecified && _lostAddressCount < MaxLostAddresses)
        {
            _local = local;
        }
    }
}

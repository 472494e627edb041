using Utp.Protocol.Addresses;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.Harness;

/// <summary>Handshakes of any number of peers with one host. Each peer has an address of its own; all use the same connection id and number.</summary>
internal static class ManyPeers
{
    public static PeerAddress Peer(int number) => PeerAddress.FromIPv4(0x0B000000 + (uint)number, 1_000);

    public static void Syn(TestHost host, PeerAddress peer) =>
        host.Inject(peer, new PacketHeader { Type = PacketType.Syn, ConnectionId = 77, Timestamp = 1, Sequence = new(500) });

    /// <summary>Sends the third packet of the handshake, which acknowledges the number of the host's SYN-ACK.</summary>
    public static void Confirm(TestNetwork network, TestHost host, int peer)
    {
        var synAck = network.Sent.First(d => d.To == Peer(peer));
        host.Inject(Peer(peer), new PacketHeader
        {
            Type = PacketType.State,
            ConnectionId = 78,
            Timestamp = 1,
            Sequence = new(501),
            Acknowledgement = synAck.Header.Sequence - 1,
        });
    }
}

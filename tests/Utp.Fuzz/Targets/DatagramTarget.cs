using Utp.Protocol.Addresses;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;
using Utp.Simulation.Randomness;

namespace Utp.Fuzz.Targets;

/// <summary>
/// Single datagrams, from noise to nearly right, at an endpoint that listens and has connections in every state. It may drop, answer or close; it
/// may not throw, break an invariant, or send a stranger more bytes than came from it.
/// </summary>
internal sealed class DatagramTarget : IFuzzTarget
{
    private const int PacketsPerRun = 60;

    public string Name => "datagram";

    public int QuickRuns => 300;

    public void Run(ulong seed)
    {
        var random = new SeededRandomSource(seed);
        var mutator = new PacketMutator(random);
        var peer = Peer(mutator.Below(6));
        var stranger = PeerAddress.FromIPv4(0x0C000001, 9);
        var (bytesIn, sentBefore) = (0L, peer.Network.Sent.Count);
        for (var i = 0; i < PacketsPerRun; i++)
        {
            var bytes = Packet(peer, mutator);
            var isStranger = mutator.Below(3) == 0;
            bytesIn += isStranger ? bytes.Length : 0;
            var result = peer.Host.Inject(isStranger ? stranger : peer.Address, bytes);
            Assert.True(result.PayloadOffset + result.PayloadLength <= bytes.Length && result.PayloadLength >= 0);
            if (mutator.Below(4) == 0)
            {
                peer.Network.Run(mutator.Below(1_000) / 1_000.0);
            }
        }

        peer.Network.Run(1);
        var bytesOut = peer.Network.Sent.Skip(sentBefore).Where(d => d.To == stranger).Sum(d => d.Bytes.Length);
        Assert.True(bytesOut <= bytesIn, $"{bytesOut} bytes to a stranger who sent {bytesIn}");
        Assert.All(peer.Host.Accepted, c => Assert.NotEqual(stranger, c.Core.Remote));
        foreach (var connection in peer.Host.Accepted)
        {
            connection.Abort();
        }

        peer.Connection?.Abort();
        peer.Network.Run(70);
        Assert.Equal(0, peer.Host.Core.ConnectionCount);
    }

    private static byte[] Packet(ScriptedPeer peer, PacketMutator mutator) => mutator.Below(6) switch
    {
        0 => mutator.Noise(),
        1 => mutator.Chain(),
        2 => mutator.Mutate(Genuine(peer, (PacketType)mutator.Below(5))),
        _ => mutator.NearTo(peer.SendId, peer.Next, peer.Received),
    };

    private static byte[] Genuine(ScriptedPeer peer, PacketType type)
    {
        var bytes = new byte[PacketHeader.Size + 10];
        peer.Header(type).Write(bytes);
        return bytes;
    }

    private static ScriptedPeer Peer(int state)
    {
        switch (state)
        {
            case 0:
                return ScriptedPeer.Unconnected();
            case 1:
                var connecting = ScriptedPeer.Unconnected();
                connecting.ConnectHost();
                return connecting;
            case 2:
                var halfOpen = ScriptedPeer.Unconnected();
                halfOpen.SendSyn();
                return halfOpen;
            case 3:
                var sending = ScriptedPeer.Dialled();
                sending.Connection.Write(TestPair.Pattern(20_000));
                return sending;
            case 4:
                var receiving = ScriptedPeer.Dialling();
                receiving.DataAt(receiving.Next + 3, 1, 2, 3);
                receiving.Connection.Finish();
                return receiving;
            default:
                var closing = ScriptedPeer.Dialled();
                closing.Connection.Write([1]);
                closing.Connection.Close();
                return closing;
        }
    }
}

using Utp.Protocol.Addresses;
using Utp.Protocol.Sockets;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;
using Utp.Simulation.Network;
using Utp.Simulation.Randomness;

namespace Utp.Protocol.Tests.Admission;

/// <summary>An address that has not shown that it receives is never sent more bytes than came from it.</summary>
public sealed class AmplificationTests
{
    [Theory]
    [InlineData(1UL)]
    [InlineData(2UL)]
    [InlineData(3UL)]
    public void AnythingFromAnUnconfirmedAddress_IsAnsweredWithAtMostAsManyBytes(ulong seed)
    {
        var random = new SeededRandomSource(seed);
        var network = new TestNetwork();
        var host = network.AddHost(seed + 100, new SocketSettings { MaxResetsPerSecond = 1_000_000 });
        host.Core.IsListening = true;
        var bytesIn = new Dictionary<PeerAddress, long>();
        var bytesOut = new Dictionary<PeerAddress, long>();
        for (var i = 0; i < 1_500; i++)
        {
            var from = PeerAddress.FromIPv4(0x0B000000 + (random.NextUInt32() % 20), 1);
            var packet = Packet(random);
            bytesIn[from] = bytesIn.GetValueOrDefault(from) + packet.Length;
            var before = network.Sent.Count;

            host.Inject(from, packet);
            network.Run(random.NextDouble() * 0.05);

            foreach (var sent in network.Sent.Skip(before))
            {
                bytesOut[sent.To] = bytesOut.GetValueOrDefault(sent.To) + sent.Bytes.Length;
            }

            Assert.All(bytesOut, o => Assert.True(o.Value <= bytesIn.GetValueOrDefault(o.Key), $"seed {seed}, step {i}: {o.Value} bytes to {o.Key}"));
        }

        Assert.Empty(host.Accepted);
        Assert.True(network.Sent.Count > 300);
    }

    /// <summary>Mostly SYNs and packets for the connections that they open, few ids, so that they meet; never the right acknowledgement.</summary>
    private static byte[] Packet(SeededRandomSource random)
    {
        var bytes = new byte[20 + (int)(random.NextUInt32() % 3 * 25)];
        new PacketHeader
        {
            Type = random.NextDouble() < 0.5 ? PacketType.Syn : (PacketType)(random.NextUInt32() % 4),
            ConnectionId = (ushort)(random.NextUInt32() % 4),
            Timestamp = random.NextUInt32(),
            Sequence = new((ushort)(random.NextUInt32() % 3)),
            Acknowledgement = new((ushort)(random.NextUInt32() % 3)),
        }.Write(bytes);
        return bytes;
    }
}

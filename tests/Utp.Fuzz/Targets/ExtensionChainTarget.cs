using Utp.Protocol.Wire;
using Utp.Simulation.Randomness;

namespace Utp.Fuzz.Targets;

/// <summary>Extension chains, read by the core's parser and by one that is as naive as the specification's sentence.</summary>
internal sealed class ExtensionChainTarget : IFuzzTarget
{
    private const int PacketsPerRun = 100;

    public string Name => "chain";

    public int QuickRuns => 500;

    public void Run(ulong seed)
    {
        var mutator = new PacketMutator(new SeededRandomSource(seed));
        for (var i = 0; i < PacketsPerRun; i++)
        {
            var bytes = mutator.Below(3) switch
            {
                0 => mutator.Mutate(mutator.Chain()),
                1 => mutator.Noise(),
                _ => mutator.Chain(),
            };
            var expected = Parse(bytes);
            var result = PacketView.TryParse(bytes, out var packet);
            Assert.Equal(expected.Result, result);
            if (result == PacketParseResult.Packet)
            {
                Assert.Equal((expected.PayloadOffset, bytes.Length - expected.PayloadOffset), (packet.PayloadOffset, packet.PayloadLength));
                Assert.Equal(expected.SelectiveAck is not null, packet.HasSelectiveAck);
                Assert.True(packet.SelectiveAck.SequenceEqual(expected.SelectiveAck ?? []));
            }
        }
    }

    private static (PacketParseResult Result, int PayloadOffset, byte[]? SelectiveAck) Parse(byte[] bytes)
    {
        if (bytes.Length < 20 || bytes[0] % 16 != 1 || bytes[0] / 16 > 4)
        {
            return (PacketParseResult.NotUtp, 0, null);
        }

        byte[]? selectiveAck = null;
        var (type, at) = ((int)bytes[1], 20);
        while (type != 0)
        {
            if (at + 1 >= bytes.Length || at + 2 + bytes[at + 1] > bytes.Length)
            {
                return (PacketParseResult.Malformed, 0, null);
            }

            if (type == 1)
            {
                selectiveAck ??= bytes[(at + 2)..(at + 2 + bytes[at + 1])];
            }

            (type, at) = (bytes[at], at + 2 + bytes[at + 1]);
        }

        return (PacketParseResult.Packet, at, selectiveAck);
    }
}

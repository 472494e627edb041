using Utp.Protocol.Addresses;
using Utp.Protocol.Sockets;
using Utp.Protocol.Tests.Harness;
using Utp.Simulation.Randomness;

namespace Utp.Protocol.Tests.Demultiplexing;

public sealed class ManyIdsTests
{
    /// <summary>
    /// A client that connects and closes thousands of times a second has that many lingering connections to one peer: each blocks three ids.
    /// </summary>
    [Fact]
    public void Connect_BesideTwentyFourThousandConnections_FindsAnId()
    {
        const int Count = 24_000;
        var network = new TestNetwork { ChecksInvariants = false };
        var remote = PeerAddress.FromIPv4(0x0A000100, 7000);
        for (var seed = 1UL; seed <= 5; seed++)
        {
            var core = new SocketCore(new SocketSettings(), new SeededRandomSource(seed));
            for (var i = 0; i < Count; i++)
            {
                Assert.True(core.Connect(network.Now, remote) is not null, $"seed {seed}: no id after {i} connections");
            }
        }
    }
}

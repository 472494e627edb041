using Utp.Protocol.Addresses;
using Utp.Protocol.Sockets;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.Resets;

public sealed class ResetLimitTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    public void StrayPackets_InABurst_AreAnsweredUpToTheLimit(int payload)
    {
        var (network, host) = Strays(50);

        for (var i = 0; i < 1_000; i++)
        {
            Stray(network, host, i, payload);
        }

        Assert.Equal(50, network.Sent.Count);
        Assert.Equal(50, host.Core.Statistics.ResetsSent);
        Assert.True(host.Core.Statistics.ResetsSuppressed >= 950);
    }

    [Fact]
    public void StrayPackets_OverTenSeconds_AreAnsweredAtTheRate()
    {
        var (network, host) = Strays(50);

        for (var i = 0; i < 10_000; i++)
        {
            Stray(network, host, i, 0);
            network.Run(0.001);
        }

        Assert.InRange(network.Sent.Count, 500, 550);
    }

    [Fact]
    public void RefusedSyns_AreUnderTheSameLimit()
    {
        var (network, host) = Strays(50);

        for (var i = 0; i < 1_000; i++)
        {
            host.Inject(PeerAddress.FromIPv4((uint)i, 1), Header(PacketType.Syn, (ushort)i));
        }

        Assert.Equal(50, network.Sent.Count);
        Assert.Equal(1_000, host.Core.Statistics.SynsRefused);
        Assert.Equal(0, host.Core.ConnectionCount);
    }

    private static (TestNetwork Network, TestHost Host) Strays(int perSecond)
    {
        var network = new TestNetwork();
        return (network, network.AddHost(1, new SocketSettings { MaxResetsPerSecond = perSecond }));
    }

    private static void Stray(TestNetwork network, TestHost host, int number, int payload) =>
        host.Inject(PeerAddress.FromIPv4(0x0B000000 + (uint)number, 1), Header(PacketType.Data, (ushort)number), new byte[payload]);

    private static PacketHeader Header(PacketType type, ushort id) =>
        new() { Type = type, ConnectionId = id, Timestamp = 1, Sequence = new(5), Acknowledgement = new(6) };
}

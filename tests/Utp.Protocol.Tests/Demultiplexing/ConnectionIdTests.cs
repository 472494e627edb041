using Utp.Protocol.Addresses;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;
using Utp.Transport;

namespace Utp.Protocol.Tests.Demultiplexing;

public sealed class ConnectionIdTests
{
    private static readonly PeerAddress Remote = PeerAddress.FromIPv4(0x0A000100, 7000);

    [Fact]
    public void Connect_NeverPicksAnIdInUseOrBesideOne()
    {
        var network = new TestNetwork();
        var host = network.AddHost(new ScriptedRandomSource(100, 1, 1, 100, 99, 101, 102, 2, 2));

        host.Connect(Remote);
        host.Connect(Remote);

        Assert.Equal([100, 102], network.Sent.Select(d => (int)d.Header.ConnectionId));
    }

    [Fact]
    public void Connect_ToAnotherPeer_MayUseTheSameId()
    {
        var network = new TestNetwork();
        var host = network.AddHost(new ScriptedRandomSource(100, 1, 1, 100, 2, 2));

        host.Connect(Remote);
        host.Connect(Remote with { Port = 7001 });

        Assert.Equal([100, 100], network.Sent.Select(d => (int)d.Header.ConnectionId));
    }

    /// <summary>With every id to a peer taken, connecting fails at once; nothing spins, and other peers are not affected.</summary>
    [Fact]
    public void Connect_WithAllIdsInUse_Fails()
    {
        var network = new TestNetwork();
        var host = network.AddHost(1);
        var count = 0;
        while (host.Core.Connect(network.Now, Remote) is not null)
        {
            count++;
        }

        Assert.InRange(count, 15_000, 32_768);
        Assert.Equal(count, host.Core.ConnectionCount);
        Assert.NotNull(host.Core.Connect(network.Now, Remote with { Port = 1 }));
    }

    /// <summary>A retry that finds no free id waits like one that got no answer.</summary>
    [Fact]
    public void Retry_WithNoFreeId_WaitsForItsTurnAgain()
    {
        var network = new TestNetwork();
        var host = network.AddHost(new StuckRandomSource());
        var connection = host.Connect(Remote);

        network.RunWhile(() => !connection.IsReleased, 21);

        Assert.Equal(UtpCloseReason.ConnectTimeout, connection.Core.CloseReason);
        Assert.Equal(1, network.Sent.Count(d => d.Type == PacketType.Syn));
    }

    private sealed class StuckRandomSource : IRandomSource
    {
        public uint NextUInt32() => 4_242;
    }
}

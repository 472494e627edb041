using Utp.Protocol.Tests.Harness;

namespace Utp.Protocol.Tests.Demultiplexing;

/// <summary>libutp adds one to a connection id in 32 bits: a SYN with 0xFFFF never works against it.</summary>
[Trait("Pitfall", "13")]
public sealed class ConnectionIdsWrapTests
{
    [Fact]
    public void Connect_NeverPicks0xFFFF()
    {
        var peer = ScriptedPeer.Unconnected(new ScriptedRandomSource(0xFFFF, 0xFFFF, 42));

        Assert.Equal(42, peer.ConnectHost().Header.ConnectionId);
    }

    [Fact]
    public void Connect_With0xFFFE_SendsWith0xFFFF()
    {
        var peer = ScriptedPeer.Dialled(random: new ScriptedRandomSource(0xFFFE));

        peer.Connection.Write([1]);

        Assert.Equal(0xFFFF, peer.TakeOne().Header.ConnectionId);
        peer.Data(2);
        Assert.Equal([2], peer.Connection.Received);
    }

    /// <summary>A peer that wraps as it should.</summary>
    [Fact]
    public void Accept_SynWith0xFFFF_ReceivesWithZero()
    {
        var peer = ScriptedPeer.Unconnected();
        Assert.Equal(0xFFFF, peer.SendSyn(0xFFFF).Header.ConnectionId);
        peer.Confirm();

        peer.Data(1, 2);

        Assert.Equal(0, peer.SendId);
        Assert.Equal([1, 2], peer.Connection.Received);
    }
}

using Utp.Protocol.Connections;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;

namespace Utp.Protocol.Tests.FlowControl;

/// <summary>libtorrent and librqbit write zero into the SYN's window; a libtorrent acceptor believes ours.</summary>
[Trait("Pitfall", "12")]
public sealed class WindowInSynIsIgnoredTests
{
    [Fact]
    public void SynWithZeroWindow_DoesNotHoldDataBack()
    {
        var peer = ScriptedPeer.Unconnected();
        peer.WindowBytes = 0;
        peer.SendSyn();
        peer.WindowBytes = 1 << 20;
        peer.Confirm();

        peer.Connection.Write([1, 2, 3]);

        Assert.Equal((PacketType.Data, 3), (peer.TakeOne().Type, peer.Network.Sent[^1].PayloadLength));
    }

    [Fact]
    public void OurSynAndSynAck_CarryTheRealWindow()
    {
        var peer = ScriptedPeer.Unconnected();
        var syn = peer.ConnectHost(new ConnectionSettings { ReceiveBufferBytes = 54_321 });
        var acceptor = ScriptedPeer.Unconnected();
        acceptor.Host.Core.AcceptedConnections = new ConnectionSettings { ReceiveBufferBytes = 65_432 };
        var synAck = acceptor.SendSyn();

        Assert.Equal((54_321u, 65_432u), (syn.Header.WindowBytes, synAck.Header.WindowBytes));
    }
}

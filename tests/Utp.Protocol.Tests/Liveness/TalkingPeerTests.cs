using Utp.Protocol.Connections;
using Utp.Protocol.Connections.Failures;
using Utp.Protocol.Tests.Harness;
using Utp.Transport;

namespace Utp.Protocol.Tests.Liveness;

/// <summary>A peer that continues to send, and so never falls silent, but takes nothing.</summary>
public sealed class TalkingPeerTests
{
    private static readonly ConnectionSettings TenSeconds = new() { IdleTimeoutMicros = 10_000_000 };

    /// <summary>The peer has room and acknowledges nothing: the data cannot be delivered, however often the peer is heard.</summary>
    [Fact]
    public void PeerWithAnOpenWindow_ThatNeverAcknowledges_TimesOut()
    {
        var peer = ScriptedPeer.Dialled(TenSeconds);
        peer.Connection.Write([1]);

        TalkFor(peer, seconds: 30);

        Assert.True(peer.Connection.IsClosed);
        Assert.Equal(UtpCloseReason.RetransmissionTimeout, peer.Connection.Core.CloseReason);
    }

    /// <summary>The peer has no room and may take as long as it likes, as long as it is heard.</summary>
    [Fact]
    public void PeerWithAClosedWindow_ThatNeverAcknowledges_IsWaitedFor()
    {
        var peer = ScriptedPeer.Dialled(TenSeconds);
        peer.WindowBytes = 0;
        peer.State();
        peer.Connection.Write([1]);

        TalkFor(peer, seconds: 60);

        Assert.False(peer.Connection.IsClosed);
    }

    private static void TalkFor(ScriptedPeer peer, double seconds)
    {
        for (var end = peer.Network.Now + (long)(seconds * 1e6); peer.Network.Now < end && !peer.Connection.IsClosed; peer.Network.Run(0.25))
        {
            peer.Data(1);
        }
    }
}

using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Wire;
using Utp.Transport;

namespace Utp.Protocol.Tests.Close;

/// <summary>libutp, Transmission and libtorrent may never answer a FIN with one of their own.</summary>
[Trait("Pitfall", "09")]
public sealed class PeersFinIsNotAwaitedTests
{
    [Fact]
    public void Close_FinAcknowledgedAndNothingElse_EndsGracefullyWithinThreeSeconds()
    {
        var peer = ScriptedPeer.Dialled();
        peer.Connection.Close();
        var fin = peer.TakeOne();

        peer.State(fin.Header.Sequence);

        Assert.Equal(PacketType.Fin, fin.Type);
        Assert.Equal((true, UtpCloseReason.Graceful), (peer.Connection.IsClosed, peer.Connection.Core.CloseReason));
        peer.Network.RunWhile(() => !peer.Connection.IsReleased, 3);
        Assert.Equal(0, peer.Host.Core.ConnectionCount);
    }

    /// <summary>The peer that closes in answer would otherwise repeat its FIN until it gives up.</summary>
    [Fact]
    public void Close_PeersFinAfterTheAcknowledgementOfOurs_IsAcknowledged()
    {
        var peer = ScriptedPeer.Dialled();
        peer.Connection.Close();
        peer.State(peer.TakeOne().Header.Sequence);

        peer.Data(1);
        peer.Fin();

        Assert.Contains(peer.Take(), d => d.Type == PacketType.State && d.Header.Acknowledgement == peer.Next - 1);
        peer.Network.RunWhile(() => !peer.Connection.IsReleased, 3);
        Assert.Equal(UtpCloseReason.Graceful, peer.Connection.Core.CloseReason);
    }

    [Fact]
    public void Close_FinNeverAcknowledged_EndsGracefullyWithinTheLingerTime()
    {
        var peer = ScriptedPeer.Dialled();
        var start = peer.Network.Now;
        peer.Connection.Close();

        peer.Network.RunWhile(() => !peer.Connection.IsReleased, 10 + 3);

        Assert.Equal(UtpCloseReason.Graceful, peer.Connection.Core.CloseReason);
        Assert.InRange(peer.Network.Sent.Count(d => d.Type == PacketType.Fin), 3, 8);
        Assert.InRange(peer.Connection.ClosedAt - start, 1_000_000, 10_000_000);
    }

    [Fact]
    public void Close_AnsweredByReset_CountsAsGraceful()
    {
        var peer = ScriptedPeer.Dialled();
        peer.Connection.Close();
        var fin = peer.TakeOne();

        peer.Send(peer.Header(PacketType.Reset) with { Sequence = new(31_337), Acknowledgement = fin.Header.Sequence });

        Assert.Equal(UtpCloseReason.Graceful, peer.Connection.Core.CloseReason);
        Assert.True(peer.Connection.IsReleased);
    }
}

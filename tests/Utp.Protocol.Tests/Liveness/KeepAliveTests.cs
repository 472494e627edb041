using Utp.Protocol.Connections;
using Utp.Protocol.Connections.Failures;
using Utp.Protocol.Tests.Harness;
using Utp.Protocol.Time;
using Utp.Protocol.Wire;
using Utp.Transport;

namespace Utp.Protocol.Tests.Liveness;

/// <summary>NAT mappings need traffic within 30 s; a keepalive elicits nothing, so a silent peer has to be asked before it is given up.</summary>
[Trait("Pitfall", "25")]
public sealed class KeepAliveTests
{
    [Fact]
    public void Silence_IsBrokenWithin29Seconds_ByAStateThatAcknowledgesOneLess()
    {
        var peer = ScriptedPeer.Dialled();
        peer.Data(1);
        peer.Data(2);
        var first = peer.TakeOne();
        peer.Network.Run(9);
        var last = peer.Take()[^1] with { Bytes = first.Bytes };

        peer.Network.Run(29.1);

        var keepAlive = peer.TakeOne();
        Assert.Equal((PacketType.State, last.Header.Acknowledgement - 1, last.Header.Sequence),
            (keepAlive.Type, keepAlive.Header.Acknowledgement, keepAlive.Header.Sequence));
        Assert.InRange(keepAlive.SentAt - last.SentAt, 20_000_000, 29_000_000);
    }

    [Fact]
    public void Silence_OfThePeer_EndsTheConnectionAtTheIdleTimeout()
    {
        var peer = ScriptedPeer.Dialled(new ConnectionSettings { IdleTimeoutMicros = 70_000_000 });
        peer.Data(1);
        peer.Data(2);
        peer.Take();
        var lastHeard = peer.Network.Now;
        peer.Network.Run(9);
        peer.Take();

        peer.Network.RunWhile(() => !peer.Connection.IsReleased, 71);

        Assert.Equal((UtpCloseReason.IdleTimeout, 70_000_000), (peer.Connection.Core.CloseReason, peer.Connection.ClosedAt - lastHeard));
        var sent = peer.Take();
        Assert.All(sent.SkipLast(1), d => Assert.Contains(d.Type, new[] { PacketType.State, PacketType.Data }));
        Assert.Equal((4, PacketType.Reset), (sent.Count(d => d.Type == PacketType.Data), sent[^1].Type));
    }

    [Fact]
    public void PeersKeepAlive_IsNotAnsweredAndKeepsTheConnection()
    {
        var peer = ScriptedPeer.Dialled(new ConnectionSettings { IdleTimeoutMicros = 70_000_000, KeepAliveMicros = 0 });
        for (var i = 0; i < 10; i++)
        {
            peer.Network.Run(29);
            peer.State(peer.Received - 1);
            peer.Received += 1;
        }

        Assert.DoesNotContain(peer.Take(), d => d.SentAt > new Instant(10_000_000));
        Assert.False(peer.Connection.IsClosed);
    }

    /// <summary>
    /// A mask counts from the number that is acknowledged. Beside one less it claims the missing segment: libutp then never sends it again,
    /// and both ends wait until it gives up.
    /// </summary>
    [Fact]
    public void KeepAlive_WhileAGapIsOpen_IsAnOrdinaryAcknowledgement()
    {
        var peer = ScriptedPeer.Dialled();
        peer.Data(1);
        peer.DataAt(peer.Next + 1, 3);
        peer.Take();
        peer.Network.Run(40);

        var sent = peer.Take();
        Assert.True(sent.Count >= 4);
        Assert.All(sent, d => Assert.Equal((PacketType.State, peer.Next - 1), (d.Type, d.Header.Acknowledgement)));
        Assert.All(sent, d => Assert.Equal([1, 0, 0, 0], d.SelectiveAck!));
    }
}
